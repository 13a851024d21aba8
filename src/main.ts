import { existsSync } from 'node:fs';
import { enableCompileCache } from 'node:module';
import { fileURLToPath } from 'node:url';

// To compile all its modules anew is up to a fifth of what a start takes. The cache lies beside them: whoever may write
// there may change the code itself. Where nobody may, as in a read-only image, there is none.
enableCompileCache(fileURLToPath(new URL('.compile-cache', import.meta.url)));

// What a build leaves in one file starts faster than the same from its many (scripts/bundle.ts).
const bundle = new URL('serve.bundle.js', import.meta.url);
if (existsSync(bundle)) await import(bundle.href);
else await import('./serve.ts');
