import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { Settings } from '#contract/run';
import { readTask } from '#contract/task';
import { noSandbox } from '#host/sandbox';
import { eventsPath, sprintsDir } from '../common/paths.ts';
import { loopIn, optionsFor, tinyRepository } from '../fixtures/loop.ts';
import { git } from '../fixtures/repo.ts';
import { finish, start, train, wait } from '../fixtures/scripted.ts';
import { EventLog } from '../journal/events.ts';
import { readSprints } from '../ledger/ledger.ts';
import { preflight } from '../start/preflight.ts';
import { cannotCount, foretell, inWords } from './foretell.ts';

/** The tiny task with these constraints; `train`: another trainer. */
function repositoryWith(
  constraints: string,
  trainer?: string,
  script: Parameters<typeof tinyRepository>[0] = [],
) {
  const repo = tinyRepository(script);
  const path = join(repo, 'TASK.md');
  const text = readFileSync(path, 'utf8').replace('{ samples: "<=1000" }', constraints);
  writeFileSync(
    path,
    trainer === undefined ? text : text.replace(/^train: .*$/m, `train: ${JSON.stringify(trainer)}`),
  );
  git(repo, 'commit', '-qam', 'Other constraints');
  const common = { repo, cwd: repo, sandbox: noSandbox('test'), profileName: 'tiny', samples: 1000 };
  return { repo, asked: { ...common, task: readTask(path) } };
}

it('asks the trainer what runs would declare, without training', async () => {
  const { repo, asked } = repositoryWith('{ samples: "<=1000", width: "==4", learning_rate: ">0.2" }');
  expect((await foretell(asked))?.map(({ name }) => name)).toEqual(['plain', 'steady']);
  const why = async (settings: Settings, samples = 1000) =>
    inWords(await cannotCount({ ...asked, samples, settings, experiment: 'plain' }));
  expect(await why({ lr: '0.3' })).toBeNull();
  expect(await why({ width: '9', lr: '0.3' })).toBe('constraint not met: width: 9 where ==4 is asked');
  expect(await why({ lr: '0.3' }, 2000)).toBe('constraint not met: samples: 2000 where <=1000 is asked');
  expect(await why({})).toBe('constraint not met: learning_rate: 0.1 where >0.2 is asked');
  expect(git(repo, 'status', '--porcelain', '--ignored')).toBe('');
});

it.each(['false', 'echo none', 'echo {}', 'true'])(
  'holds no trainer to the question that does not know it: %s',
  async (trainer) => {
    const { repo, asked } = repositoryWith('{ samples: "<=1000", width: "==8" }', trainer);
    expect(await foretell(asked)).toBeNull();
    expect(await cannotCount({ ...asked, experiment: 'plain' })).toEqual([]);
    expect(await preflight(optionsFor(repo))).toMatchObject({ profileName: 'tiny' });
  },
);

it('takes a loop up again whatever stands in the workspace of its sprint', async () => {
  const { repo } = repositoryWith('{ width: "==4" }');
  writeFileSync(join(repo, 'work/number.json'), '{"f1":0.1,"mcc":0.6,"width":5}\n');
  await expect(preflight(optionsFor(repo))).rejects.toThrow('profiles.tiny.constraints.width: every full');
  git(repo, 'branch', 'run/2020-01-01');
  const { log } = EventLog.open(eventsPath(repo));
  log.emit({
    type: 'loop.started',
    ...{ branch: 'run/2020-01-01', profile: 'tiny', leaderboard: 'tiny-0' },
    ...{ researcher: 'offline', sandbox: 'off', pid: 1, processStart: null, resumed: false },
  });
  log.close();
  expect((await preflight(optionsFor(repo))).takenUp).not.toBeNull();
});

it('tells the researcher before a run that it cannot count, and refuses it as a full run', async () => {
  const wide = ['width=9'];
  const script = [
    [
      start('wide'),
      train('plain', { set: wide }),
      train('plain', { budget: 'screen', set: wide }),
      wait,
      train('plain', { budget: undefined, samples: 1000, set: wide }),
      wait,
      train('plain'),
      wait,
      finish(),
    ],
  ];
  const { repo } = repositoryWith('{ samples: "==1000", width: "==4" }', undefined, script);
  const { events } = await loopIn(repo, { maxSprints: 1 });
  const heard = events.flatMap((e) =>
    e.type === 'tool.finished' && e.name === 'run_experiment' ? [e.reason ?? 'made'] : [],
  );
  expect(heard).toEqual([expect.stringContaining('width: 9 where ==4 is asked'), 'made', 'made', 'made']);
  expect(events.filter((e) => e.type === 'run.started')).toHaveLength(3);
  const transcripts = join(repo, 'state/transcripts');
  const said = readFileSync(join(transcripts, readdirSync(transcripts)[0]), 'utf8');
  expect(
    said.match(/A verdict on it would be invalid, constraint not met: width: 9 where ==4 is asked\. /g),
  ).toHaveLength(2);
  // A screen has fewer samples by design.
  expect(said).not.toContain('samples: 100 where');
  expect(readSprints(sprintsDir(repo)).map((s) => s.outcome)).toEqual(['new-best']);
});
