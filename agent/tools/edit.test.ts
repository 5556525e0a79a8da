import {
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  realpathSync,
  renameSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { type EditScope, edit } from './edit.ts';

let repo: string;
let scope: EditScope;
beforeEach(() => {
  repo = realpathSync(mkdtempSync(join(tmpdir(), 'edit-')));
  for (const folder of ['work', 'bench', 'state', 'sprints/mine'])
    mkdirSync(join(repo, folder), { recursive: true });
  writeFileSync(join(repo, 'work/a.ts'), 'one\ntwo\nthree\n');
  writeFileSync(join(repo, 'bench/b.ts'), 'judge\n');
  writeFileSync(join(repo, 'state/key'), 'secret\n');
  scope = { repo, writable: ['work', 'sprints/mine'], hidden: ['state'] };
});
const text = (file: string) => readFileSync(join(repo, file), 'utf8');

describe('the text editor tool', () => {
  it('views with line numbers, creates with folders, replaces once, inserts after a line', () => {
    expect(edit({ command: 'view', path: 'work/a.ts', view_range: [2, 3] }, scope)).toBe(
      '     2\ttwo\n     3\tthree',
    );
    expect(edit({ command: 'view', path: 'bench' }, scope)).toBe('b.ts');
    edit({ command: 'create', path: 'work/new/c.ts', file_text: 'c\n' }, scope);
    expect(text('work/new/c.ts')).toBe('c\n');
    edit({ command: 'str_replace', path: join(repo, 'work/a.ts'), old_str: 'two', new_str: '$& 2' }, scope);
    expect(text('work/a.ts')).toBe('one\n$& 2\nthree\n');
    edit({ command: 'insert', path: 'work/a.ts', insert_line: 3, insert_text: 'four\n' }, scope);
    edit({ command: 'insert', path: 'work/a.ts', insert_line: 0, insert_text: 'zero' }, scope);
    expect(text('work/a.ts')).toBe('zero\none\n$& 2\nthree\nfour\n');
  });

  it('says what to do when the text is missing or not unique, and changes nothing', () => {
    writeFileSync(join(repo, 'work/a.ts'), 'x\nx\n');
    const replace = (old_str: string) => () =>
      edit({ command: 'str_replace', path: 'work/a.ts', old_str, new_str: 'y' }, scope);
    expect(replace('nowhere')).toThrow('not in the file');
    expect(replace('x')).toThrow('occurs 2 times');
    expect(text('work/a.ts')).toBe('x\nx\n');
    expect(() => edit({ command: 'view', path: 'work/none.ts' }, scope)).toThrow('does not exist');
    expect(() =>
      edit({ command: 'insert', path: 'work/a.ts', insert_line: 9, insert_text: 'z' }, scope),
    ).toThrow('has 2 lines');
  });

  it('writes only in the workspace and the own sprint, by whatever way a path leads out', () => {
    symlinkSync(join(repo, 'bench'), join(repo, 'work/link'));
    symlinkSync(join(repo, 'bench/new.ts'), join(repo, 'work/dangling.ts'));
    symlinkSync('loop', join(repo, 'work/loop'));
    for (const path of [
      'bench/b.ts',
      'work/../bench/b.ts',
      '/etc/x',
      'work/link/b.ts',
      'work/dangling.ts',
      'workshop/a',
    ]) {
      expect(() => edit({ command: 'create', path, file_text: 'mine' }, scope), path).toThrow(
        'may not be written',
      );
    }
    expect(() => edit({ command: 'create', path: 'work/loop', file_text: '' }, scope)).toThrow(
      'too many symbolic',
    );
    expect(text('bench/b.ts')).toBe('judge\n');
  });

  it("reads the repository, but not the supervisor's own files or the rest of the disk", () => {
    symlinkSync(join(repo, 'state/key'), join(repo, 'work/key'));
    expect(edit({ command: 'view', path: 'bench/b.ts' }, scope)).toContain('judge');
    for (const path of ['state/key', 'work/key', '/etc/passwd', '../x']) {
      expect(() => edit({ command: 'view', path }, scope), path).toThrow('may not be read');
    }
  });

  it('reads nothing that a run puts in the place of what was checked, or on the way to it', () => {
    const at = (path: string) => join(repo, 'checkpoints/run/out', path);
    mkdirSync(at('a'), { recursive: true });
    writeFileSync(at('a/key'), 'mine\n');
    writeFileSync(at('key'), 'mine\n');
    /** What a trainer does once the path was checked: it puts another thing there. */
    const viewed = (path: string, place: string, put: (path: string) => void) => () =>
      edit({ command: 'view', path: `checkpoints/run/out/${path}` }, scope, (...how) => {
        renameSync(at(place), at(`${place}-before`));
        put(at(place));
        return openSync(...how);
      });
    const leading = (to: string) => (path: string) => symlinkSync(join(repo, to), path);
    expect(viewed('key', 'key', leading('state/key'))).toThrow('cannot be opened (ELOOP)');
    if (process.platform !== 'linux') return; // The kernel of others does not say where a file lies.
    expect(viewed('a/key', 'a', leading('state'))).toThrow('was changed while it was opened');
    mkdirSync(at('b/state'), { recursive: true });
    expect(viewed('b/state', 'b', leading('.'))).toThrow('was changed while it was opened');
  });
});
