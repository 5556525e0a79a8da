import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readlinkSync,
  renameSync,
  rmSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, isAbsolute, join, relative, resolve } from 'node:path';
import { UserError } from '#contract/errors';
import { git, names, OWN_IGNORES } from './git.ts';

/** The largest file that the workspace may have, in bytes: the git history grows with every run. */
const MAX_FILE_BYTES = 1_000_000;

/**
 * Stores a folder of the repository as it stands, committed or not, as a git tree that holds that folder
 * alone, and returns the tree's id. Neither the user's index nor the working tree is touched; what the
 * repository's own `.gitignore` names is left out, unless it is tracked. With `ref` the tree is kept under
 * that name, else only until git's next collection of garbage.
 * @throws UserError where the folder is empty, holds a repository of its own, a file over 1 MB, a link that
 * leads out of it, or a name that is not UTF-8.
 */
export async function snapshotTree(from: { repo: string; folder: string; ref?: string }): Promise<string> {
  const { repo, folder, ref } = from;
  if (!existsSync(join(repo, folder))) throw new UserError(`${join(repo, folder)}: there is no such folder`);
  refuseRepositories(repo, folder);
  const tree = await withIndex(async (index) => {
    const files = await filesOf(repo, folder, index);
    if (files.length === 0)
      throw new UserError(`${join(repo, folder)}: has no file that git does not ignore`);
    for (const name of files) {
      if (name.endsWith('/')) refuseRepository(name);
      const size = lstatSync(join(repo, name), { throwIfNoEntry: false })?.size;
      if (size === undefined) refuseName(name);
      refuseWayOut(repo, folder, name);
      if (size > MAX_FILE_BYTES) {
        const megabytes = (size / 1e6).toFixed(1);
        throw new UserError(
          `${name}: ${megabytes} MB; a file of the workspace may have at most 1 MB; move it away, or ignore it in git`,
        );
      }
    }
    const add = ['update-index', '--add', '--remove', '-z', '--stdin'];
    await git(repo, add, index, `${files.join('\0')}\0`);
    await keepModes(repo, files, index);
    return git(repo, ['write-tree'], index);
  });
  if (ref) await keepTree({ repo, tree, ref });
  return tree;
}

/**
 * The files of a snapshot: all that are not ignored, and those that are tracked although they are ignored.
 */
async function filesOf(repo: string, folder: string, index: { GIT_INDEX_FILE: string }): Promise<string[]> {
  const list = ['ls-files', '-z', OWN_IGNORES];
  const plain = names(await git(repo, [...list, '--others', '--', folder], index));
  const tracked = names(await git(repo, [...list, '--cached', '--ignored', '--', folder]));
  return [...new Set([...plain, ...tracked.filter((name) => isInPlace(repo, name))])];
}

/** Whether a tracked file still exists, and no folder of its path was replaced by a link. */
function isInPlace(repo: string, name: string): boolean {
  if (!lstatSync(join(repo, name), { throwIfNoEntry: false })) return false;
  for (let at = dirname(name); at !== '.'; at = dirname(at)) {
    if (!lstatSync(join(repo, at)).isDirectory()) return false;
  }
  return true;
}

/**
 * Marks files as executable where the file system cannot tell (core.fileMode=false): those that are
 * executable in the user's index.
 */
async function keepModes(
  repo: string,
  files: readonly string[],
  index: { GIT_INDEX_FILE: string },
): Promise<void> {
  const mode = await git(repo, ['config', '--type=bool', '--default=true', '--get', 'core.fileMode']);
  if (mode !== 'false') return;
  const staged = names(await git(repo, ['ls-files', '-z', '--stage'])).map((entry) => entry.split('\t'));
  const programs = new Set(staged.flatMap(([what, name]) => (what?.startsWith('100755') ? [name] : [])));
  const known = files.filter((name) => programs.has(name));
  if (known.length > 0)
    await git(repo, ['update-index', '--chmod=+x', '-z', '--stdin'], index, `${known.join('\0')}\0`);
}

/**
 * The tree that snapshotTree would give for a folder as it is in a commit. For a clone, where the runs' own
 * trees are missing.
 */
export async function committedTree(from: { repo: string; commit: string; folder: string }): Promise<string> {
  const { repo, commit, folder } = from;
  return withIndex(async (index) => {
    await git(repo, ['read-tree', `--prefix=${folder}/`, `${commit}:${folder}`], index);
    return git(repo, ['write-tree'], index);
  });
}

/**
 * The tree of `commit` (or a tree), with the files and folders `paths` as they are in the commit `of`: added,
 * changed or absent.
 */
export async function treeWith(from: {
  repo: string;
  commit: string;
  paths: readonly string[];
  of: string;
}): Promise<string> {
  const { repo, commit, paths, of } = from;
  return withIndex(async (index) => {
    await git(repo, ['read-tree', commit], index);
    const known = names(await git(repo, ['ls-files', '-z', '--cached', '--', ...paths], index));
    if (known.length > 0)
      await git(repo, ['update-index', '--force-remove', '-z', '--stdin'], index, `${known.join('\0')}\0`);
    for (const entry of names(await git(repo, ['ls-tree', '-z', of, '--', ...paths]))) {
      const [what, path] = entry.split('\t') as [string, string];
      const [mode, type, id] = what.split(' ');
      if (type === 'tree') await git(repo, ['read-tree', `--prefix=${path}/`, id as string], index);
      else await git(repo, ['update-index', '--add', '--cacheinfo', `${mode},${id},${path}`], index);
    }
    return git(repo, ['write-tree'], index);
  });
}

/** Keeps a tree under a reference of git, such as `refs/loop/runs/<run id>`. */
export async function keepTree({
  repo,
  tree,
  ref,
}: {
  repo: string;
  tree: string;
  ref: string;
}): Promise<void> {
  await git(repo, ['update-ref', ref, tree]);
}

/** Deletes a reference made by keepTree; git collects the tree when nothing else keeps it. */
export async function dropTree({ repo, ref }: { repo: string; ref: string }): Promise<void> {
  await git(repo, ['update-ref', '-d', ref]);
}

const underWay = new Map<string, Promise<string>>();

/**
 * Checks a tree out under `state/trees/<tree>/` and returns that folder, complete or not at all. An existing
 * folder is used when its content is the tree's, and made again when something changed it.
 * @throws UserError where the repository has no such tree.
 */
export function checkoutTree({ repo, tree }: { repo: string; tree: string }): Promise<string> {
  const folder = join(repo, 'state', 'trees', tree);
  // Who asks meanwhile gets the same one: a second one would take the folder from under what runs in it.
  const begun =
    underWay.get(folder) ?? checkoutInto(repo, tree, folder).finally(() => underWay.delete(folder));
  underWay.set(folder, begun);
  return begun;
}

async function checkoutInto(repo: string, tree: string, folder: string): Promise<string> {
  const isThere = async () => existsSync(folder) && (await isTree(repo, folder, tree));
  if (await isThere()) return folder;
  const trees = dirname(folder);
  mkdirSync(trees, { recursive: true });
  const fresh = mkdtempSync(join(trees, '.new-'));
  try {
    await withIndex(async (index) => {
      await git(repo, ['read-tree', `${tree}^{tree}`], index);
      await git(repo, ['checkout-index', '--all', `--prefix=${fresh}/`], index);
    });
    if (!(await isTree(repo, fresh, tree)))
      throw new UserError(`tree ${tree}: could not be checked out completely in ${trees}`);
    // Another process may have checked out the same tree meanwhile, and use it.
    if (await isThere()) {
      rmSync(fresh, { recursive: true, force: true });
      return folder;
    }
    if (existsSync(folder)) {
      const old = mkdtempSync(join(trees, '.old-'));
      renameSync(folder, join(old, 'tree'));
      rmSync(old, { recursive: true, force: true });
    }
    // Fails where another process has put it there just now.
    renameSync(fresh, folder);
  } catch (error) {
    rmSync(fresh, { recursive: true, force: true });
    if (await isThere()) return folder;
    throw error;
  }
  return folder;
}

/** Whether a folder holds this tree and nothing else, ignored or not. */
async function isTree(repo: string, folder: string, tree: string): Promise<boolean> {
  const gitDir = await git(repo, ['rev-parse', '--absolute-git-dir']);
  return withIndex(async (index) => {
    const env = { ...index, GIT_DIR: gitDir, GIT_WORK_TREE: folder };
    // Modes come from the tree where the file system has none. The new index has no times, so git reads every
    // file.
    await git(folder, ['read-tree', `${tree}^{tree}`], env);
    await git(folder, ['add', '--all', '--force', '--', '.'], env);
    return (await git(folder, ['write-tree'], env)) === tree;
  });
}

async function withIndex<T>(use: (env: { GIT_INDEX_FILE: string }) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'index-'));
  try {
    return await use({ GIT_INDEX_FILE: join(folder, 'index') });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/**
 * Refuses nested repositories: git would store one as a mere commit id, and its configuration can name
 * programs to run.
 */
function refuseRepositories(repo: string, folder: string): void {
  for (const entry of readdirSync(join(repo, folder), { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.name === '.git') refuseRepository(path);
    if (entry.isDirectory() && !existsSync(join(repo, path))) refuseName(path);
    if (entry.isDirectory() && entry.name !== 'node_modules') refuseRepositories(repo, path);
  }
}

function refuseRepository(path: string): never {
  throw new UserError(`${path}: the workspace may not contain another repository; remove it`);
}

/** For a path that was read as UTF-8 and does not exist under that name. */
function refuseName(path: string): never {
  throw new UserError(`${path}: its name is not UTF-8; rename it`);
}

/**
 * Refuses a link that leads out of the folder: in a checkout elsewhere it would lead to other files, also for
 * writing.
 */
function refuseWayOut(repo: string, folder: string, name: string): void {
  const path = join(repo, name);
  if (!lstatSync(path).isSymbolicLink()) return;
  const target = readlinkSync(path);
  const way = relative(join(repo, folder), resolve(dirname(path), target));
  // Behind the name of another link, `..` leads to where that link does, which is not seen in the words.
  const goesBack = /(^|\/)(?!\.{1,2}(\/|$))[^/]+\/(.*\/)?\.\.(\/|$)/.test(target);
  if (way === '..' || way.startsWith('../') || isAbsolute(target) || goesBack)
    throw new UserError(`${name}: a link that leads out of ${folder}/; put the file itself there`);
}
