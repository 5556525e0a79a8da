interface Asked {
  encode: string;
  world: string;
  /** Constraint of the number of latents; unset: none. */
  width?: string;
  /** Rows of a verdict. */
  verdict: number;
}

/** TASK.md of a task with one profile, `tiny`, for tests of the judge; only `encode` is a real command. */
export const taskText = ({ encode, world, width, verdict }: Asked): string => `---
title: a task for the tests of the judge
workspace: sae
check: node check.ts
train: node train.ts
encode: ${JSON.stringify(encode)}
judge: node judge.ts
metric: f1
goal: max
limits: { usd: 1, hours: 1, stagnation: { warn: 1, stop: 2 } }
model: { name: none, maxTokens: 1 }
profiles:
  tiny:
    world: ${world}
    constraints: { ${width === undefined ? '' : `width: ${JSON.stringify(width)}`} }
    budgets: { screen: 1024, rank: 2048, full: 10240 }
    normalisation: 2048
    evaluation: { verdict: ${verdict}, snapshot: 2000 }
    noise: 0.01
---
`;
