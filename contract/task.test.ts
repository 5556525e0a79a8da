import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { UserError } from './errors.ts';
import { guardsOf, profileOf, readTask } from './task.ts';

const shipped = readFileSync(new URL('../TASK.md', import.meta.url), 'utf8');

function read(text: string) {
  const path = join(mkdtempSync(join(tmpdir(), 'task-')), 'TASK.md');
  writeFileSync(path, text);
  return readTask(path);
}

function complaint(text: string): string {
  try {
    read(text);
  } catch (error) {
    expect(error).toBeInstanceOf(UserError);
    return (error as UserError).message;
  }
  throw new Error('was accepted');
}

const lineOf = (text: string, part: string) => text.split('\n').findIndex((line) => line.includes(part)) + 1;

describe('reading TASK.md', () => {
  it('reads the task that ships with the project', () => {
    const task = read(shipped);
    expect(task.contract.workspace).toBe('sae');
    expect(task.brief).toContain('# The task');
    expect(profileOf(task, 'small').constraints.width).toBe('==128');
    expect(guardsOf(task, profileOf(task, '16k')).uniqueness).toBe('>=0.95');
  });

  it('reads the budget of a full run under its old name too, and says where', () => {
    const text = shipped.replace('full: 2048000', 'count: 2048000');
    const { contract, renamed } = read(text);
    expect(contract).toEqual(read(shipped).contract);
    expect(renamed).toEqual([
      expect.stringMatching(
        new RegExp(`TASK\\.md:${lineOf(text, 'count: 2048000')}: profiles\\.small\\.budgets\\.count: `),
      ),
    ]);
    expect(read(shipped).renamed).toEqual([]);
    expect(complaint(shipped.replace('full: 2048000', 'full: 2048000, count: 1'))).toContain(
      'profiles.small.budgets.count: is not a field of the contract',
    );
  });

  it('refuses a default profile that is none of the profiles', () => {
    const text = shipped.replace(/^defaultProfile: .*/m, 'defaultProfile: large');
    expect(complaint(text)).toMatch(
      new RegExp(
        `TASK\\.md:${lineOf(text, 'defaultProfile: large')}: defaultProfile: is none of the profiles`,
      ),
    );
  });

  it('names file, line and field of a wrong value', () => {
    const text = shipped.replace('goal: max', 'goal: up');
    expect(complaint(text)).toMatch(new RegExp(`TASK\\.md:${lineOf(text, 'goal: up')}: goal: `));
  });

  it('names the line of a wrong field deep inside, and one that does not belong there', () => {
    const text = shipped
      .replace('screen: 256000', 'screen: -3')
      .replace('world: small', 'world: small\n    wrld: x');
    const message = complaint(text);
    expect(message).toMatch(
      new RegExp(`:${lineOf(text, 'screen: -3')}: profiles\\.small\\.budgets\\.screen: `),
    );
    expect(message).toContain(
      `:${lineOf(text, 'wrld: x')}: profiles.small.wrld: is not a field of the contract`,
    );
  });

  it('names a missing field, and the line where it belongs', () => {
    const flat = shipped.replace(/^judge: .*\n/m, '');
    const end = flat.split('\n').indexOf('---', 1) + 1;
    expect(complaint(flat)).toMatch(new RegExp(`TASK\\.md:${end}: judge: is missing$`));
    const deep = shipped.replace(/^ {4}world: small\n/m, '');
    const where = `TASK\\.md:${lineOf(deep, '  small:')}: profiles\\.small\\.world: is missing$`;
    expect(complaint(deep)).toMatch(new RegExp(where));
  });

  it('names the line of a field that stands there twice', () => {
    const twice = shipped.replace('goal: max', 'goal: max\ngoal: min');
    const message = complaint(twice);
    expect(message).toMatch(new RegExp(`TASK\\.md:${lineOf(twice, 'goal: min')}: Map keys must be unique$`));
  });

  it('names a condition that cannot be read', () => {
    const text = shipped.replace('width: "==128"', 'width: "about 128"');
    expect(complaint(text)).toMatch(/profiles\.small\.constraints\.width: must be an operator and a number/);
  });

  it('refuses to show the workspace’s code what the loop keeps', () => {
    for (const path of ['.git', './.git/HEAD', 'checkpoints', 'sprints/x', 'state', '../other', '/etc'])
      expect(complaint(shipped.replace(/^reads: .*$/m, `reads: [${path}]`))).toMatch(/reads\.0: must/);
    expect(read(shipped.replace(/^reads: .*\n/m, '')).contract.reads).toEqual([]);
  });

  it('refuses a workspace outside the repository', () => {
    for (const path of ['../sae', '/etc', 'a/../../b']) {
      expect(complaint(shipped.replace('workspace: sae', `workspace: ${path}`))).toContain('workspace');
    }
  });

  it('says what is wrong with the YAML and where', () => {
    const text = shipped.replace('goal: max', 'goal: [max');
    expect(complaint(text)).toMatch(/TASK\.md:\d+: /);
    expect(complaint('# no front matter')).toContain('TASK.md:1: front matter is missing');
  });

  it('lists the profiles when one is unknown', () => {
    expect(() => profileOf(read(shipped), 'large')).toThrow('unknown profile "large"');
    expect(() => profileOf(read(shipped), 'toString')).toThrow('has: 16k, medium, small');
  });
});
