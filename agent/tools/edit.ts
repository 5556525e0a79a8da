import {
  closeSync,
  constants,
  existsSync,
  fstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { liesAt } from '#host/untrusted';
import { readableTarget, ToolMistake, writableTarget } from '../requests/paths.ts';
import type { EditInput } from '../requests/schemas.ts';
import { tail } from './output.ts';

export interface EditScope {
  repo: string;
  /** Folders that may be written, relative to the repository or absolute. */
  writable: readonly string[];
  /** Folders that may not be read. */
  hidden: readonly string[];
}

/**
 * The native text editor tool: view, create, str_replace, insert. @returns what the model is told.
 * @throws ToolMistake for a path out of bounds, a missing file, or a text that is not there exactly once.
 */
export function edit(input: EditInput, scope: EditScope, open = openSync): string {
  if (input.command === 'view') return view(input, scope, open);
  const path = writableTarget(scope.repo, input.path, scope.writable);
  if (input.command === 'create') {
    const existed = existsSync(path);
    if (existed && !statSync(path).isFile())
      throw new ToolMistake(`${input.path}: is a folder; name a file in it`);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, input.file_text);
    return `${input.path} ${existed ? 'overwritten' : 'created'} (${lineCount(input.file_text)} lines)`;
  }
  const text = opened(path, input.path, open, (fd) => textOf(fd, input.path));
  if (input.command === 'str_replace') {
    const found = text.split(input.old_str).length - 1;
    if (found !== 1) {
      throw new ToolMistake(
        found === 0
          ? `${input.path}: old_str is not in the file; view the file and copy the text exactly`
          : `${input.path}: old_str occurs ${found} times; add lines around it until it is unique`,
      );
    }
    const at = text.indexOf(input.old_str);
    const changed = text.slice(0, at) + input.new_str + text.slice(at + input.old_str.length);
    writeFileSync(path, changed);
    const first = lineCount(text.slice(0, at));
    return `${input.path} edited:\n${numbered(changed, first - 3, first + lineCount(input.new_str) + 2)}`;
  }
  const lines = text.split('\n');
  const last = text.endsWith('\n') ? lines.length - 1 : lines.length;
  if (input.insert_line > last)
    throw new ToolMistake(
      `${input.path}: has ${last} lines, so insert_line ${input.insert_line} is past its end; give 0 to ${last}`,
    );
  lines.splice(input.insert_line, 0, ...input.insert_text.replace(/\n$/, '').split('\n'));
  writeFileSync(path, lines.join('\n'));
  return `${input.path}: inserted after line ${input.insert_line}`;
}

function view(
  input: Extract<EditInput, { command: 'view' }>,
  scope: EditScope,
  open: typeof openSync,
): string {
  const path = readableTarget(scope.repo, input.path, scope.hidden);
  const found = opened(path, input.path, open, (fd) =>
    fstatSync(fd).isDirectory() ? { names: namesIn(fd, path) } : { text: textOf(fd, input.path) },
  );
  if (found.names) return found.names.join('\n') || '(empty folder)';
  const { text } = found;
  const [from, to] = input.view_range ?? [1, -1];
  const total = lineCount(text);
  if (from < 1 || from > total || (to !== -1 && to < from)) {
    throw new ToolMistake(
      `${input.path}: view_range [${from}, ${to}] does not fit a file of ${total} lines; give the first and the last line (-1 for the end)`,
    );
  }
  return tail(numbered(text, from, to === -1 ? total : to));
}

/**
 * Opens what lies at a path without links. A trainer that runs may put a link or a pipe there once the path
 * was checked: no link is followed, also on the way, and no pipe waited for. @throws ToolMistake
 */
function opened<T>(path: string, shown: string, open: typeof openSync, use: (fd: number) => T): T {
  let fd: number;
  try {
    fd = open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR')
      throw new ToolMistake(`${shown}: does not exist; view its folder, or create the file first`);
    throw new ToolMistake(`${shown}: cannot be opened (${code})`);
  }
  try {
    if (!liesAt(fd, path)) throw new ToolMistake(`${shown}: was changed while it was opened; try it again`);
    return use(fd);
  } finally {
    closeSync(fd);
  }
}

/** The names in an open folder, a folder's with a slash. `path`: for a system without /proc. */
function namesIn(fd: number, path: string): string[] {
  const place = `/proc/self/fd/${fd}`;
  const entries = readdirSync(existsSync(place) ? place : path, { withFileTypes: true });
  return entries.map((e) => (e.isDirectory() ? `${e.name}/` : e.name));
}

function textOf(fd: number, shown: string): string {
  const stat = fstatSync(fd);
  if (!stat.isFile()) throw new ToolMistake(`${shown}: is not a file; name a file`);
  if (stat.size > 10 * 2 ** 20)
    throw new ToolMistake(
      `${shown}: is too large for this tool (${stat.size} bytes); read it in parts with bash, such as head, tail or grep`,
    );
  return readFileSync(fd, 'utf8');
}

const lineCount = (text: string) => text.replace(/\n$/, '').split('\n').length;

function numbered(text: string, from: number, to: number): string {
  const lines = text.replace(/\n$/, '').split('\n');
  const first = Math.max(1, from);
  return lines
    .slice(first - 1, to)
    .map((line, index) => `${String(first + index).padStart(6)}\t${line}`)
    .join('\n');
}
