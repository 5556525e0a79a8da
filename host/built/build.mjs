// Turns the TypeScript programs of a workspace into JavaScript with esbuild: parses the code and runs none of
// it. It runs in the sandbox (built.ts), in the folder that holds the workspace, and sees what the programs
// may see. Its argument is JSON: {workspace, folder, out}; `folder` has the programs. It ends with 1 where
// the code might not do the same after building.
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { createRequire, isBuiltin } from 'node:module';
import { extname, join, relative, sep } from 'node:path';
import { build, transform } from 'esbuild';
import { BUILT_IN, OPTIONS, ofPackage, placed, REQUIRED } from './options.mjs';

const { workspace, folder, out } = JSON.parse(process.argv[2]);
const tree = process.cwd();
const own = join(tree, workspace) + sep;
/** A larger file is none that a person wrote. */
const MAX_BYTES = 4 << 20;
const LOADERS = { '.ts': 'ts', '.mts': 'ts', '.js': 'js', '.mjs': 'js', '.cjs': 'js', '.json': 'json' };

/** What code may do by its own place, its start or its source, which are others once it is built. */
const ODD = [
  [/\bimport\((?!"[^"]*"\)|'[^']*'\))/, 'imports what is known only when it runs'],
  [/\b(require|createRequire|eval|Function|Worker)\(|\bgetBuiltinModule\b/, 'loads code by name'],
  [/\bimport\.meta\b(?!\.(dirname|filename|url)\b)/, 'uses import.meta in its own way'],
  [
    /\bprocess\.(binding|execArgv|execPath|mainModule)\b|\bprocess\.argv\b(?!\.slice\(2\))/,
    'looks at its start',
  ],
  [/["'](node:)?(module|vm|child_process|cluster|worker_threads)["']/, 'starts other code'],
];

const isProgram = (name) => name.endsWith('.ts') && !name.endsWith('.test.ts') && !name.endsWith('.d.ts');
const filesOf = (folder, options) => readdirSync(join(tree, folder), options).filter(isProgram).sort();
/** The modules that a workspace may import by name, below its folder. */
const named = filesOf(workspace, { recursive: true }).filter(
  (name) => !/(^|\/)(testing|fixtures)\//.test(name),
);

const paths = named.map((name) => JSON.stringify(own + name));
const table = paths.map((path) => `[${path}, () => import(${path})]`).join(',\n');
/** Stands in for contract/import-file.ts: a module by its absolute path, from those that were built. */
const importFile = `
const modules = new Map([${table}]);
export async function importFile(path) {
  const load = modules.get(path);
  if (!load) throw new Error('Cannot find module ' + path);
  return await load();
}`;

async function refuseOdd(path, text, loader) {
  if (loader === 'json') return;
  const { code } = await transform(text, { loader, minifyWhitespace: true, legalComments: 'none' });
  const found = ODD.find(([pattern]) => pattern.test(code));
  if (found) throw new Error(`${relative(tree, path)} ${found[1]}`);
}

const packageOf = (name) => name.split('/', name.startsWith('@') ? 2 : 1).join('/');

const load = createRequire(join(tree, 'package.json'));
/** A module with the names that Node gives a package of CommonJS, each as it is after loading. */
function required(path) {
  const names = Object.keys(load(path)).filter((name) => /^_?[a-z]\w*$/i.test(name) && name !== 'default');
  return [
    `const all = require(${JSON.stringify(path)});`,
    ...names.map((name) => `const $${name} = all.${name};`),
    `export { ${names.map((name) => `$${name} as ${name}`).join(', ')}, all as default };`,
  ].join('\n');
}

const plugin = {
  name: 'workspace',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^[^./#]/ }, ({ path, kind, namespace }) => {
      if (kind === 'entry-point' || BUILT_IN.includes(packageOf(path))) return null;
      // An address, as of a file or of data, is none of a package.
      if (!isBuiltin(path) && path.includes(':')) throw new Error(`imports ${path.slice(0, 40)}`);
      if (REQUIRED.includes(path) && namespace !== 'required') return { path, namespace: 'required' };
      return { path, external: true };
    });
    onLoad({ filter: /.*/, namespace: 'required' }, ({ path }) => {
      return { contents: required(path), resolveDir: tree, loader: 'js' };
    });
    onLoad({ filter: /.*/, namespace: 'file' }, async ({ path, with: how }) => {
      const loader = LOADERS[extname(path)];
      const stat = statSync(path);
      if (!loader || !stat.isFile() || stat.size > MAX_BYTES) throw new Error('is no file of code');
      if (Object.keys(how).some((name) => name !== 'type')) throw new Error('is imported in an odd way');
      const inPackage = /\/node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(
        path.slice(path.lastIndexOf('/node_modules/')),
      );
      if (inPackage) {
        if (!BUILT_IN.includes(inPackage[1])) throw new Error(`is of the package ${inPackage[1]}`);
        return ofPackage(path);
      }
      if (path.endsWith('/contract/import-file.ts') && !path.startsWith(own))
        return { contents: importFile, resolveDir: tree, loader: 'js' };
      const text = readFileSync(path, 'utf8');
      if (path.startsWith(own)) await refuseOdd(path, text, loader);
      return { contents: loader === 'json' ? text : placed(path, text), loader };
    });
  },
};

try {
  await build({
    ...OPTIONS,
    absWorkingDir: tree,
    entryPoints: filesOf(folder).map((name) => join(folder, name)),
    outdir: out,
    outbase: tree,
    splitting: true,
    plugins: [plugin],
  });
} catch (error) {
  const [first] = error.errors ?? [];
  process.stderr.write(`${first ? `${first.location?.file ?? '?'}: ${first.text}` : error.message}\n`);
  process.exitCode = 1;
}
