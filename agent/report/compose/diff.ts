import type { Block, DiffFile, DiffLine } from '../document/tree.ts';
import { clean } from '../markdown/guards.ts';

const MAX_LINES = 320;
const MAX_COLUMNS = 200;

/** A git patch by file, its lines marked as added, removed or kept: at most 320 lines; `whole` has all. */
export function diffBlock(patch: string, whole: string): Extract<Block, { t: 'diff' }> {
  const files: DiffFile[] = [];
  let shown = 0;
  let omitted = 0;
  let inHunk = false;
  for (const line of clean(patch).split('\n')) {
    const [, path] = /^diff --git a\/.* b\/(.*)$/.exec(line) ?? [];
    if (path !== undefined) {
      files.push({ path, note: '', lines: [] });
      inHunk = false;
      continue;
    }
    const file = files.at(-1);
    if (!file) continue;
    if (line.startsWith('@@')) inHunk = true;
    if (!inHunk) {
      const note =
        /^(new|deleted) file/.exec(line)?.[0] ?? /^(rename from .*|Binary files.*)$/.exec(line)?.[0];
      if (note) file.note = note;
      continue;
    }
    const kind = kindOf(line);
    if (kind === null) continue;
    if (shown >= MAX_LINES) {
      omitted++;
      continue;
    }
    shown++;
    file.lines.push({ k: kind, v: cut(kind === 'hunk' ? line : line.slice(1)) });
  }
  return { t: 'diff', files: files.filter((file) => file.lines.length > 0 || file.note), omitted, whole };
}

function kindOf(line: string): DiffLine['k'] | null {
  if (line.startsWith('@@')) return 'hunk';
  if (line.startsWith('+')) return 'add';
  if (line.startsWith('-')) return 'remove';
  return line.startsWith(' ') ? 'keep' : null;
}

const cut = (line: string) => (line.length > MAX_COLUMNS ? `${line.slice(0, MAX_COLUMNS)}…` : line);
