import type { Sprint } from '#contract/sprint';
import { type Task, TaskContract } from '#contract/task';
import type { Verdict } from '#contract/verdict';

/** Made-up values for tests: a task, a verdict and a sprint that pass their schemas. */
export function exampleTask(change: (contract: TaskContract) => void = () => {}): Task {
  const contract = TaskContract.parse({
    title: 'Guess the number',
    workspace: 'work',
    check: 'node work/check.mjs',
    train: 'node work/train.mjs',
    encode: 'node work/encode.mjs',
    judge: 'node judge.mjs',
    metric: 'f1',
    goal: 'max',
    guards: { mcc: '>=best-0.01' },
    also: ['mcc'],
    limits: { usd: 5, hours: 1, stagnation: { warn: 4, stop: 8 } },
    model: { name: 'offline-replay', maxTokens: 4000 },
    profiles: {
      tiny: {
        world: 'tiny',
        constraints: { samples: '==1000' },
        budgets: { screen: 100, rank: 500, count: 1000 },
        evaluation: { verdict: 100, snapshot: 50 },
        noise: 0.01,
      },
    },
  });
  change(contract);
  return { path: 'TASK.md', contract, brief: 'Make f1 large.' };
}

export function exampleVerdict(over: Partial<Verdict> = {}): Verdict {
  return {
    version: 1,
    run: '2026-01-01--00-00-00-base-s0',
    kind: 'verified',
    profile: 'tiny',
    world: { name: 'tiny', hash: '0'.repeat(16) },
    tree: '0'.repeat(40),
    metrics: { f1: 0.5, mcc: 0.6 },
    also: {},
    observed: { samples: 1000 },
    declared: {},
    evaluation: { samples: 100, batch: 10, seed: 1 },
    seconds: 0.1,
    at: '2026-01-01T00:00:00.000Z',
    ...over,
  };
}

export function exampleSprint(over: Partial<Sprint> = {}): Sprint {
  return {
    version: 1,
    id: '2026-01-01--00-00-base',
    number: 1,
    title: 'Base',
    idea: 'Start somewhere',
    openedAt: '2026-01-01T00:00:00.000Z',
    closedAt: '2026-01-01T00:01:00.000Z',
    profile: 'tiny',
    leaderboard: 'tiny-00000000',
    metric: 'f1',
    goal: 'max',
    researcher: { kind: 'offline', model: null, label: 'offline replay, no model' },
    sandbox: 'off (test)',
    outcome: 'new-best',
    reason: 'the first',
    stopReason: 'finish_sprint',
    candidate: '2026-01-01--00-00-00-base-s0',
    verdict: exampleVerdict(),
    predicted: { f1: 0.5 },
    bestBefore: null,
    noise: 0.01,
    runs: [],
    summary: 'A start.',
    next: null,
    change: {
      files: [],
      insertions: 0,
      deletions: 0,
      kept: true,
      infrastructure: false,
      treeBefore: '0'.repeat(40),
      treeAfter: '0'.repeat(40),
    },
    cost: {
      usd: 0,
      turns: 3,
      inputTokens: 10,
      cachedInputTokens: 0,
      outputTokens: 10,
      trainSeconds: 1,
      wallSeconds: 2,
      judgeSeconds: 1,
    },
    ...over,
  };
}
