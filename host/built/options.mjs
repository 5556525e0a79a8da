// What both builds of TypeScript have in common: that of a workspace, in the sandbox (build.mjs), and that
// of our own commands (own.mjs).
import { dirname } from 'node:path';
import { pathToFileURL } from 'node:url';

/** Packages of JavaScript alone, which most programs load. Others stay as Node finds them. */
export const BUILT_IN = ['zod', 'commander'];

/**
 * Packages of CommonJS that are loaded by `require`, once for all: for an `import`, Node reads the whole
 * source first to find the names, which takes longer than running it.
 */
export const REQUIRED = ['@tensorflow/tfjs-core', '@tensorflow/tfjs-backend-cpu'];

/** A third of zod is its messages in other languages than English, which nobody asks for. */
const LANGUAGES = /\/zod\/v4\/locales\/index\.js$/;
const ENGLISH = "export { default as en } from './en.js';";
/** What esbuild takes for a file of a package that is built in; null: the file as it is. */
export const ofPackage = (path) =>
  LANGUAGES.test(path) ? { contents: ENGLISH, loader: 'js', resolveDir: dirname(path) } : null;

/** For esbuild: one module for Node that does what its sources do, by their names and lines. */
export const OPTIONS = {
  bundle: true,
  platform: 'node',
  format: 'esm',
  target: `node${process.versions.node}`,
  keepNames: true,
  minifyWhitespace: true,
  sourcemap: 'linked',
  sourcesContent: false,
  conditions: [],
  define: {
    'import.meta.url': '__url',
    'import.meta.dirname': '__folder',
    'import.meta.filename': '__file',
  },
  // In place of every tsconfig.json: one in a workspace can name any file.
  tsconfigRaw: { compilerOptions: { verbatimModuleSyntax: true, useDefineForClassFields: true } },
  // A package may be CommonJS.
  banner: {
    js: "import{createRequire as __createRequire}from'node:module';const require=__createRequire(import.meta.url);",
  },
  logLevel: 'silent',
};

/** Where a module finds the files beside it: in its source's folder, not where it was built. */
export function placed(path, text) {
  if (!text.includes('import.meta')) return text;
  const [url, folder, file] = [pathToFileURL(path).href, dirname(path), path].map((word) =>
    JSON.stringify(word),
  );
  // On the first line, so that the others keep their numbers.
  return `const __url = ${url}, __folder = ${folder}, __file = ${file};${text}`;
}
