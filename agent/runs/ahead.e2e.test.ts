import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { knownGpus } from '#host/machine';
import { logsDir, runDir } from '../common/paths.ts';
import { loopIn, tinyRepository } from '../fixtures/loop.ts';
import { git } from '../fixtures/repo.ts';
import { finish, start, train, wait } from '../fixtures/scripted.ts';

/** Notes how the judge was begun, and when it was asked, in the run's folder. */
const NOTES = `
import { appendFileSync as append } from 'node:fs';
const words = process.argv.slice(3).filter((word) => ['--ahead', '--evals'].includes(word)).join(' ');
const note = (text) => append(process.argv[2] + '/notes', text + '\\n');
if (process.argv[2] !== '--describe') note('begun ' + words);
if (process.argv.includes('--ahead')) {
  console.log('{"ready":true}');
  let said = '';
  for await (const piece of process.stdin) said += piece;
  if (said !== 'measure\\n') process.exit(1);
  note('asked ' + words);
}
`;

it.skipIf(knownGpus() !== 0)(
  'checks while a full run trains, and has its judge wait for the question',
  async () => {
    const repo = tinyRepository([[start('one'), train('steady'), wait, finish()]]);
    const edit = (name: string, change: (text: string) => string) =>
      writeFileSync(join(repo, name), change(readFileSync(join(repo, name), 'utf8')));
    edit('TASK.md', (text) => text.replace('metric: f1', 'judgeAhead: true\nmetric: f1'));
    edit('judge.mjs', (text) => NOTES + text);
    git(repo, 'commit', '-qam', 'A judge that may begin early');
    const { events } = await loopIn(repo, { maxSprints: 1 });
    const run = events.flatMap((event) => (event.type === 'verdict.given' ? [event.run] : []));
    expect(run).toHaveLength(1);
    const notes = readFileSync(join(runDir(repo, run[0] ?? ''), 'notes'), 'utf8').split('\n');
    expect(notes.filter((line) => line.endsWith(' --ahead') && !line.includes('--evals'))).toEqual([
      'begun --ahead',
      'asked --ahead',
    ]);
    // A plain verdict was not asked for.
    expect(notes).not.toContain('begun ');
    expect(existsSync(join(logsDir(repo), 'check-ahead.log'))).toBe(true);
  },
);
