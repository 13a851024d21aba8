import { readFileSync } from 'node:fs';
import { findPackageJSON, isBuiltin } from 'node:module';
import { dirname, isAbsolute, relative, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type Plugin, rolldown } from 'rolldown';

/**
 * Writes the built service with all ES modules that it imports into one file beside it, because to find and load
 * some 1,500 of them takes a third of a start. Nothing is left out, minified or renamed (decision 21).
 */
const DIST = resolve(import.meta.dirname, '../dist');
const ENTRY = resolve(DIST, 'serve.js');

/**
 * Leaves everything to Node that isn't an ES module, or may not be there: only between ES modules does putting
 * them together change nothing.
 */
const esModulesOnly: Plugin = {
  name: 'es-modules-only',

  async resolveId(source, importer, options) {
    if (importer === undefined) return null;
    const isPackage = !source.startsWith('.') && !isAbsolute(source);
    if (isBuiltin(source) || (isPackage && options.kind === 'dynamic-import')) {
      return { id: source, external: true };
    }
    const find = async (from: string) => {
      const found = await this.resolve(source, from, { ...options, skipSelf: true });
      return found !== null && isAbsolute(found.id) ? found.id : null;
    };
    const file = await find(importer);
    if (file !== null && isEsModule(file)) return file;
    // By its name only where that means the same one from the one file: several versions may be installed.
    const isSame = isPackage && (file === null || file === (await find(ENTRY)));
    return { id: isSame ? source : (file ?? source), external: true };
  },

  /** Every module still finds what lies beside it. */
  transform(code, id) {
    if (!code.includes('import.meta.')) return null;
    const toPath = (url: string) => `process.getBuiltinModule('node:url').fileURLToPath(${url})`;
    return code
      .replaceAll('import.meta.url', `${urlOf(id)}.href`)
      .replaceAll('import.meta.filename', toPath(urlOf(id)))
      .replaceAll('import.meta.dirname', toPath(urlOf(dirname(id))));
  },
};

function isEsModule(file: string): boolean {
  if (file.endsWith('.mjs')) return true;
  const manifest = file.endsWith('.js') && findPackageJSON(pathToFileURL(file));
  return manifest
    ? (JSON.parse(readFileSync(manifest, 'utf8')) as { type?: string }).type === 'module'
    : false;
}

/** Code that gives the URL of a file, wherever the project lies. */
function urlOf(file: string): string {
  const path = relative(DIST, file).replaceAll('\\', '/');
  return `new URL(${JSON.stringify(`./${path}`)}, import.meta.url)`;
}

const bundle = await rolldown({
  input: ENTRY,
  platform: 'node',
  resolve: { conditionNames: ['node', 'import'], mainFields: ['main'] },
  plugins: [esModulesOnly],
  treeshake: false,
  onLog(level, log, report) {
    // Some packages write themselves with cycles; Node takes them as they are, and so does the one file.
    if (log.code !== 'CIRCULAR_DEPENDENCY') report(level === 'warn' ? 'error' : level, log);
  },
});
await bundle.write({ file: resolve(DIST, 'serve.bundle.js'), format: 'esm', codeSplitting: false });
await bundle.close();
