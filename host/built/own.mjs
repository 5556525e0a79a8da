// The commands of this repository as JavaScript that was built once (start.mjs): loading TypeScript takes
// most of the time of a short command. A build lies in state/programs/, which no sandbox shows, and counts
// only while all that it was made of is the same, byte for byte. No code of a workspace is in it.
import { createHash } from 'node:crypto';
import {
  accessSync,
  constants,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join, relative, resolve, sep } from 'node:path';
import { pathToFileURL } from 'node:url';
import { BUILT_IN, OPTIONS, ofPackage, placed } from './options.mjs';

const root = resolve(import.meta.dirname, '..', '..');
const PLACE = join(root, 'state', 'programs');
/** Who builds: a build by other ones does not count. */
const BUILDERS = ['own.mjs', 'options.mjs'].map((name) => join(import.meta.dirname, name));
/** Code of a workspace runs in a sandbox, and is built there (built.ts). */
const FOLDERS = ['agent', 'bench', 'contract', 'engine', 'host', 'replay', 'speed'];

/** Packages that are built in. That of YAML is of seventy files, which `require` would find one by one. */
const PACKAGES = [...BUILT_IN, 'yaml'];
/** Of an earlier build, which a process that runs it may still load parts of. */
const KEPT_MS = 3 * 86_400_000;

const sha256 = (text) => createHash('sha256').update(text).digest('hex');

/** The address of a program as it was built, which is built now if it was not; null where it cannot be. */
export async function built(program) {
  const name = relative(root, program);
  if (!name.endsWith('.ts') || !FOLDERS.includes(name.split(sep)[0])) return null;
  const builders = BUILDERS.map((path) => sha256(readFileSync(path)));
  const folder = join(PLACE, sha256(JSON.stringify([name, ...builders, process.version])));
  try {
    if (!isSame(folder)) await make(name, folder);
    return isSame(folder) ? pathToFileURL(join(folder, 'program.js')).href : null;
  } catch {
    // A disk that is full or read-only, esbuild that is not installed: it runs as TypeScript.
    return null;
  }
}

/** Whether a build is there, is ours, and was made of files that are as they were. */
function isSame(folder) {
  const list = join(folder, 'list.json');
  if (![PLACE, folder, list].every(isOurs)) return false;
  const { files, made } = JSON.parse(readFileSync(list, 'utf8'));
  const below = (above, names) => Object.entries(names).map(([name, digest]) => [join(above, name), digest]);
  const programs = below(folder, made);
  if (!programs.every(([path]) => isOurs(path))) return false;
  return [...below(root, files), ...programs].every(
    ([path, digest]) => sha256(readFileSync(path)) === digest,
  );
}

/** No link, and of this user, who alone may write it. */
function isOurs(path) {
  const what = lstatSync(path, { throwIfNoEntry: false });
  if (!what || what.isSymbolicLink()) return false;
  return what.uid === process.getuid() && (what.mode & 0o022) === 0;
}

async function make(name, folder) {
  // First, since where nothing can be written each start would build in vain.
  mkdirSync(PLACE, { recursive: true, mode: 0o700 });
  accessSync(existsSync(folder) ? folder : PLACE, constants.W_OK);
  const { build, stop } = await import('esbuild');
  const files = { 'package.json': sha256(readFileSync(join(root, 'package.json'))) };
  const read = (path) => {
    const bytes = readFileSync(path);
    files[relative(root, path)] = sha256(bytes);
    return bytes.toString('utf8');
  };
  const plugin = {
    name: 'own',
    setup({ onResolve, onLoad }) {
      onResolve({ filter: /^[^./#]/ }, ({ path, kind }) =>
        kind === 'entry-point' || PACKAGES.includes(path.split('/')[0]) ? null : { path, external: true },
      );
      onLoad({ filter: /.*/, namespace: 'file' }, ({ path }) => {
        const [packed] = /^.*\/node_modules\/(@[^/]+\/)?[^/]+\//.exec(path) ?? [];
        const folder = relative(root, path).split(sep)[0];
        if (!packed && !FOLDERS.includes(folder)) throw new Error(`${path}: is not of this repository`);
        // A package is known by its version.
        if (packed) read(join(packed, 'package.json'));
        return packed
          ? ofPackage(path)
          : { contents: placed(path, read(path)), loader: path.endsWith('ts') ? 'ts' : 'default' };
      });
    },
  };
  const { outputFiles, metafile } = await build({
    ...OPTIONS,
    absWorkingDir: root,
    entryPoints: [{ in: name, out: 'program' }],
    outdir: folder,
    // Else packages that are imported in some cases alone would be loaded at each start.
    splitting: true,
    write: false,
    metafile: true,
    plugins: [plugin],
  });
  stop();
  const patterns = Object.values(metafile.inputs).flatMap(({ imports }) =>
    imports.filter(({ path }) => path.includes('*')),
  );
  // Which files a pattern finds may change without any of them.
  if (patterns.length > 0) throw new Error('imports by patterns');
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const made = {};
  for (const { path, contents } of outputFiles) {
    const name = relative(folder, path);
    if (name.endsWith('.js')) made[name] = sha256(contents);
    put(folder, name, contents);
  }
  put(folder, 'list.json', JSON.stringify({ files, made }));
  prune(folder, made);
}

/** Writes a file in one step. The names of parts have their digests, so those of another build stay. */
function put(folder, name, contents) {
  const fresh = mkdtempSync(join(PLACE, '.new-'));
  try {
    writeFileSync(join(fresh, 'file'), contents, { mode: 0o600 });
    renameSync(join(fresh, 'file'), join(folder, name));
  } finally {
    rmSync(fresh, { recursive: true, force: true });
  }
}

/** Removes parts of builds that were made long ago, and what processes that were killed have left. */
function prune(folder, made) {
  const now = ['list.json', ...Object.keys(made).flatMap((name) => [name, `${name}.map`])];
  removeOld(folder, (name) => !now.includes(name));
  removeOld(PLACE, (name) => name.startsWith('.new-'));
}

function removeOld(folder, isPart) {
  for (const name of readdirSync(folder).filter(isPart)) {
    const path = join(folder, name);
    // Another process may have removed it since.
    const there = lstatSync(path, { throwIfNoEntry: false });
    if (there && Date.now() - there.mtimeMs > KEPT_MS) rmSync(path, { recursive: true, force: true });
  }
}
