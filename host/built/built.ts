import { existsSync, readFileSync, realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { capture } from '../capture.ts';
import type { Sandbox } from '../sandbox.ts';
import { Builds } from './builds.ts';
import { digest, digestOfFiles } from './digest.ts';

const BUILD = join(import.meta.dirname, 'build.mjs');
/** What builds: the program, and what it imports. */
const BUILDERS = [BUILD, join(import.meta.dirname, 'options.mjs')];
const SECONDS = 60;

/** A command of the workspace in words, and the paths that it may read. */
export interface Command {
  words: readonly string[];
  readable: readonly string[];
}

interface Where {
  /** The repository, with `state/trees/` below it. */
  repo: string;
  sandbox: Sandbox;
  /** The tree that the command runs in (checkoutTree). */
  cwd: string;
}

/**
 * A command `node --import tsx <program.ts> ...` of a tree in its built form: JavaScript that was made once
 * of the tree and of what it reads, and that the sandbox shows read-only. Loading TypeScript takes most of
 * the time of a short program. The command stays as it is where it is another one, where there is no sandbox
 * to build it in, and where its code might not do the same once it is built.
 */
export async function builtCommand(where: Where, command: Command): Promise<Command> {
  const { words, readable } = command;
  const [node, flag, loader, program = '', ...rest] = words;
  if (node !== 'node' || flag !== '--import' || loader !== 'tsx') return command;
  if (!isBuildable(where, program)) return command;
  const folder = await builtFrom(where, dirname(program), readable);
  if (folder === null) return command;
  const built = join(folder, program.replace(/\.ts$/, '.js'));
  if (!existsSync(built)) return command;
  return { words: [node, '--enable-source-maps', built, ...rest], readable: [...readable, folder] };
}

/** Trees alone are built: another folder may change meanwhile. */
function isBuildable({ repo, sandbox, cwd }: Where, program: string): boolean {
  if (sandbox.kind !== 'bubblewrap' || !existsSync(cwd)) return false;
  const isTree = dirname(realpathSync(cwd)) === join(realpathSync(repo), 'state', 'trees');
  return isTree && /^[\w-]+(\/[\w-]+)+\.ts$/.test(program) && existsSync(join(cwd, program));
}

const underWay = new Map<string, Promise<string | null>>();

/** The folder with the programs of a folder of a tree as JavaScript; null where they cannot be built. */
async function builtFrom(
  where: Where,
  programs: string,
  readable: readonly string[],
): Promise<string | null> {
  const cwd = realpathSync(where.cwd);
  const reads = readable.filter((path) => !realpathSync(path).startsWith(`${cwd}/`));
  const files = digestOfFiles(reads);
  if (files === null) return null;
  const builders = BUILDERS.map((path) => readFileSync(path, 'utf8'));
  const key = digest([cwd, programs, files, process.version, ...builders]);
  const builds = new Builds(join(realpathSync(where.repo), 'state', 'built'));
  const found = builds.find(key);
  if (found !== undefined) return found;
  const building =
    underWay.get(key) ?? builds.make(key, (out) => build({ ...where, cwd }, programs, readable, out));
  underWay.set(key, building);
  return building.finally(() => underWay.delete(key));
}

/**
 * Builds programs into an empty folder, in the sandbox. Whether they can be built.
 * @throws Error where that is not known, as after a kill
 */
async function build(
  { sandbox, cwd }: Where,
  programs: string,
  readable: readonly string[],
  out: string,
): Promise<boolean> {
  const [workspace] = programs.split('/');
  const wrapped = sandbox.wrap(['node', BUILD, JSON.stringify({ workspace, folder: programs, out })], {
    cwd,
    readable: [...readable, ...BUILDERS],
    writable: [out],
  });
  const { exit } = await capture({ ...wrapped, cwd, timeoutSeconds: SECONDS, graceSeconds: 0 });
  if (exit.code !== 0 && exit.code !== 1) throw new Error(`the build ended with ${exit.code ?? exit.signal}`);
  return exit.code === 0;
}
