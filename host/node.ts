import { existsSync, mkdtempSync, realpathSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';

/**
 * The path of the Node that runs this, without links. Without /proc Linux does not tell it; then it is the
 * Node that PATH finds.
 */
export function nodeProgram(): string {
  if (existsSync(process.execPath)) return realpathSync(process.execPath);
  const found = firstNode(process.env.PATH);
  return found ? realpathSync(found) : process.execPath;
}

/**
 * PATH, with the Node that runs this before any other. PATH may find another Node, a version manager's
 * stand-in (which looks up the version in a home) or, under cron, none. Unchanged where it finds this Node.
 */
export function pathToNode(path: string | undefined): string {
  const found = firstNode(path);
  if (found && realpathSync(found) === nodeProgram()) return foldersOf(path).join(delimiter);
  return [ownFolder(), ...foldersOf(path)].join(delimiter);
}

const foldersOf = (path = '') => path.split(delimiter).filter((folder) => folder !== '');

const firstNode = (path: string | undefined) =>
  foldersOf(path)
    .map((folder) => join(folder, 'node'))
    .find((file) => existsSync(file));

let made: string | undefined;

/**
 * A folder with this Node alone: the folder of its installation may hold other programs, which PATH finds
 * elsewhere.
 */
function ownFolder(): string {
  if (made !== undefined && existsSync(made)) return made;
  try {
    const folder = mkdtempSync(join(tmpdir(), 'node-'));
    symlinkSync(nodeProgram(), join(folder, 'node'));
    process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
    made = folder;
  } catch {
    // The temporary folder cannot be written, or holds no links.
    made = dirname(nodeProgram());
  }
  return made;
}
