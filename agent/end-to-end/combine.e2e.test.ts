import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { Sprint } from '#contract/sprint';
import { worktreeOf } from '#host/worktree';
import { inSprint, sprintDir, sprintsDir } from '../common/paths.ts';
import { loopIn, tinyRepository } from '../fixtures/loop.ts';
import { git } from '../fixtures/repo.ts';
import { type Call, call, finish, type Step, sprintTo, start, train, wait } from '../fixtures/scripted.ts';
import { readSprints } from '../ledger/ledger.ts';
import { Transcript } from '../open-sprint/transcript.ts';

const write = (file: string, text: string) =>
  call('str_replace_based_edit_tool', { command: 'create', path: `work/${file}`, file_text: text });

/** A sprint that changes a file of the workspace or a setting. The `late` ones have their verdicts last. */
const changes = (slug: string, edit: Call | string, late = false): Step[] => [
  start(slug, 0.6),
  ...(typeof edit === 'string' ? [] : [edit]),
  ...(late ? [call('bash', { command: 'sleep 3' })] : []),
  train('steady', typeof edit === 'string' ? { set: [edit] } : {}),
  wait,
  finish(),
];

/**
 * A repository whose number is the sum of what lies in several files: `a` and `b` of one line each, and the
 * setting `c`. Its check refuses an `a` and a `b` that are both 3.
 */
function sumRepository(script: readonly (readonly Step[])[]): string {
  const repo = tinyRepository(script);
  const edit = (file: string, from: string, to: string) => {
    const text = readFileSync(join(repo, file), 'utf8');
    if (!text.includes(from)) throw new Error(`${file} has no ${from}`);
    writeFileSync(join(repo, file), text.replace(from, to));
  };
  writeFileSync(join(repo, 'work/a.txt'), '0\n');
  writeFileSync(join(repo, 'work/b.txt'), '0\n');
  edit(
    'work/train.mjs',
    'const progress =',
    `for (const name of ['a', 'b']) numbers.f1 += Number(readFileSync(\`work/\${name}.txt\`, 'utf8')) / 10;
numbers.f1 += (numbers.c ?? 0) / 10;
const progress =`,
  );
  edit(
    'work/check.mjs',
    'const { f1 }',
    `if (['a', 'b'].every((name) => readFileSync(\`work/\${name}.txt\`, 'utf8').trim() === '3')) {
  console.error('a and b are both 3');
  process.exit(1);
}
const { f1 }`,
  );
  git(repo, 'add', '-A');
  git(repo, 'commit', '-qm', 'A sum');
  return repo;
}

const ended = (repo: string) => readSprints(sprintsDir(repo));
const f1 = ({ verdict }: Sprint) => Number(verdict?.metrics.f1?.toFixed(3));
const show = (repo: string, file: string) => git(worktreeOf(repo), 'show', `HEAD:work/${file}`);

/** A best, then two sprints side by side, then what the loop makes of them, up to `more` further sprints. */
async function sideBySide(script: readonly (readonly Step[])[], more = 1) {
  const repo = sumRepository([sprintTo('base', 0.2), ...script]);
  expect((await loopIn(repo, { maxSprints: 1 })).code).toBe(0);
  const { code, events } = await loopIn(repo, { researchers: 2, maxSprints: 2 + more });
  expect(code).toBe(0);
  const sprints = ended(repo);
  const both = sprints.find(({ combines }) => combines) as Sprint;
  const [base, first, second, ...others] = sprints.filter((sprint) => sprint !== both) as [
    ...[Sprint, Sprint, Sprint],
    ...Sprint[],
  ];
  return { repo, events, base, first, second, both, others };
}

it('two gains made side by side are combined by the loop, and their result says that they add up', async () => {
  const { repo, base, first, second, both, events } = await sideBySide([
    changes('first', write('a.txt', '1\n')),
    changes('second', write('b.txt', '2\n'), true),
  ]);
  expect([first, second, both].map(f1)).toEqual([0.3, 0.4, 0.5]);
  expect(second.reason).toMatch(
    /made beside sprint 2, whose change it does not have: the loop is to combine/,
  );
  expect(both).toMatchObject({
    ...{ outcome: 'new-best', title: 'Combine sprints 3 and 2', researcher: { label: 'the loop itself' } },
    combines: { base: base.id, left: first.id, best: second.id, gains: { noise: 0.01 } },
    ...{ cost: { turns: 0, usd: 0 }, change: { kept: true, files: ['work/a.txt'] } },
  });
  expect(both.reason).toMatch(/\+0.2 by sprint 3, \+0.1 by sprint 2, \+0.3 by both .*: they add up, within/);
  expect([show(repo, 'a.txt'), show(repo, 'b.txt')]).toEqual(['1', '2']);
  expect(events.filter((event) => event.type === 'turn.started' && event.sprint === both.id)).toEqual([]);
  const log = git(worktreeOf(repo), 'log', '-1', '--format=%B', '--', `sprints/${both.id}/sprint.json`);
  expect(log).toContain('The idea, of the loop itself:');
  expect(log).toContain('Researcher: the loop itself');
  expect(readFileSync(inSprint(sprintDir(repo, both.id)).log, 'utf8')).toContain('by the loop itself');
}, 120_000);

it('a gain that came too late to be the best is combined too, with its settings', async () => {
  const { repo, first, second, both } = await sideBySide([
    changes('first', write('a.txt', '2\n')),
    changes('second', 'c=1', true),
  ]);
  expect(second.outcome).toBe('no-gain');
  expect(second.reason).toMatch(/a gain over sprint 1, which it began with, made beside sprint 2: the loop/);
  expect([first, second, both].map(f1)).toEqual([0.4, 0.3, 0.5]);
  expect(both).toMatchObject({ outcome: 'new-best', combines: { left: second.id, best: first.id } });
  expect(both.runs.map(({ settings }) => settings)).toEqual([{ c: '1' }]);
  // The workspace has the change of the first already: the second is a setting alone.
  expect([both.change.files, show(repo, 'a.txt')]).toEqual([[], '2']);
}, 120_000);

it.each([
  ['both changed the same lines', ['2\n', '1\n'], ['a.txt', 'a.txt'], /both changed work\/a.txt/],
  ['their merge fails the check', ['3\n', '3\n'], ['a.txt', 'b.txt'], /fails the check: a and b are both 3/],
])(
  'where %s, a researcher is asked to combine two gains, once',
  async (_, texts, files, why) => {
    const [one, two] = texts.map((text, i) => write(files[i] as string, text)) as [Call, Call];
    const idle = [start('idle'), call('bash', { command: 'sleep 8' }), finish({ candidate: null })];
    const { repo, both, others, events } = await sideBySide(
      [
        ...[changes('first', one), changes('second', two, true), idle],
        ...[[], sprintTo('by-hand', 0.9), sprintTo('next', 0.95)],
      ],
      4,
    );
    expect(both).toMatchObject({ outcome: 'no-gain', verdict: null, runs: [], change: { kept: false } });
    expect(both.combines?.trouble).toMatch(why);
    expect(both.reason).toMatch(/^not combined: .*; a researcher is asked to$/);
    expect(others.flatMap(({ handed }) => handed ?? [])).toEqual([both.id]);
    expect(f1(others.at(-1) as Sprint)).toBeGreaterThan(0.9);
    const asked = events.filter((event) => event.type === 'sprint.opened' && event.handed !== undefined);
    expect(asked).toHaveLength(1);
    const prompts = readdirSync(join(repo, 'state/transcripts')).map((name) =>
      JSON.stringify(new Transcript(join(repo, 'state/transcripts', name)).messages[0]),
    );
    const told = prompts.filter((text) => text.includes('# Two gains to combine'));
    expect(told).toHaveLength(1);
    expect(told[0]).toMatch(why);
    expect(told[0]).toMatch(/> Idea of (first|second)\./);
  },
  120_000,
);
