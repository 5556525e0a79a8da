import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { UserError } from '#contract/errors';
import { exampleSprint, exampleTask } from '../fixtures/examples.ts';
import { bestOf, Ledger, leaderboardId, readSprints } from './ledger.ts';

function folderOf(...sprints: { id: string }[]): string {
  const dir = mkdtempSync(join(tmpdir(), 'ledger-'));
  for (const sprint of sprints) {
    mkdirSync(join(dir, sprint.id));
    writeFileSync(join(dir, sprint.id, 'sprint.json'), JSON.stringify(sprint));
  }
  return dir;
}

describe('the ledger', () => {
  it('lists closed sprints by number, whatever their folders are called', () => {
    const dir = folderOf(exampleSprint({ id: 'b', number: 1 }), exampleSprint({ id: 'a', number: 2 }));
    mkdirSync(join(dir, 'still-open'));
    writeFileSync(join(dir, 'README.md'), 'not a sprint');
    expect(readSprints(dir).map((s) => s.id)).toEqual(['b', 'a']);
    expect(readSprints(join(dir, 'nowhere'))).toEqual([]);
  });

  it('names the file and the field that are wrong', () => {
    const dir = folderOf({ ...exampleSprint({ id: 'x' }), number: 'one' } as never);
    expect(() => readSprints(dir)).toThrow(/x\/sprint\.json: number: /);
    writeFileSync(join(dir, 'x', 'sprint.json'), '{"half":');
    expect(() => readSprints(dir)).toThrow(UserError);
  });

  it('is read once; after that it knows of sprints that are closed, and of changed files when it is read again', () => {
    const dir = folderOf(exampleSprint({ id: 'a', number: 1 }), exampleSprint({ id: 'c', number: 3 }));
    const ledger = new Ledger(dir);
    const ids = () => ledger.sprints.map((sprint) => sprint.id);
    rmSync(join(dir, 'a'), { recursive: true });
    ledger.add(exampleSprint({ id: 'b', number: 2, leaderboard: 'another' }));
    ledger.add(exampleSprint({ id: 'c', number: 3, title: 'Closed once more' }));
    expect(ids()).toEqual(['a', 'b', 'c']);
    expect(ledger.of('tiny-00000000').map((sprint) => sprint.title)).toEqual(['Base', 'Closed once more']);
    ledger.reread();
    expect(ids()).toEqual(['c']);
  });

  it('does not believe what stands in the folder of the sprint that is open', () => {
    const dir = folderOf(exampleSprint({ id: 'a', number: 1 }), exampleSprint({ id: 'open', number: 2 }));
    expect(new Ledger(dir, ['open']).sprints.map((sprint) => sprint.id)).toEqual(['a']);
    writeFileSync(join(dir, 'open', 'sprint.json'), '{"half":');
    expect(new Ledger(dir, ['open']).sprints).toHaveLength(1);
  });

  it('takes the latest new best of the same leaderboard', () => {
    const sprints = [
      exampleSprint({ id: 'first', number: 1, outcome: 'new-best' }),
      exampleSprint({ id: 'other', number: 2, outcome: 'new-best', leaderboard: 'another' }),
      exampleSprint({ id: 'second', number: 3, outcome: 'new-best' }),
      exampleSprint({ id: 'third', number: 4, outcome: 'no-gain' }),
    ];
    expect(bestOf(sprints, sprints[0].leaderboard)?.id).toBe('second');
    expect(bestOf(sprints, 'unknown')).toBeUndefined();
  });

  it('starts another leaderboard when the rules change, and only then', () => {
    const task = exampleTask();
    const before = leaderboardId(task, 'tiny');
    const shown = exampleTask((c) => {
      c.profiles.tiny.ceiling = { value: 1, label: 'probe', passed: false };
      c.title = 'Another title';
    });
    expect(leaderboardId(shown, 'tiny')).toBe(before);
    for (const change of [
      exampleTask((c) => {
        c.guards.mcc = '>=best-0.02';
      }),
      exampleTask((c) => {
        c.profiles.tiny.constraints.samples = '<=999';
      }),
      exampleTask((c) => {
        c.profiles.tiny.world = 'another';
      }),
      exampleTask((c) => {
        c.profiles.tiny.settings = { depth: 3 };
      }),
      exampleTask((c) => {
        c.profiles.tiny.batch = 512;
      }),
    ]) {
      expect(leaderboardId(change, 'tiny')).not.toBe(before);
    }
  });
});
