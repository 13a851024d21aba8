import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';

/**
 * Path of a program that lies beside the module at `moduleUrl`, with the ending that this module has: `.ts`
 * when the sources run directly, `.js` in the build.
 */
export function siblingProgram(moduleUrl: string, name: string): string {
  return fileURLToPath(new URL(`${name}${extname(new URL(moduleUrl).pathname)}`, moduleUrl));
}
