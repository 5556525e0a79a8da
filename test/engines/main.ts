// Compares the results of the embedded engine with those of dense tfjs at the small world, from the same
// initial weights on the same data. Exit code 1 where they differ. docs/equal-results.md has the findings,
// and the reason why runs diverge.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { Argument } from 'commander';
import { parsed, program, whole } from '#agent/cli/arguments';
import { runMain, UserError } from '#contract/errors';
import { worksHere } from '../touched.ts';
import { compare, isEqual, type Quartet } from './apart.ts';
import { comparedSteps, trained, verifiedF1 } from './run.ts';

/** Steps of a full run. */
const STEPS = 2000;
/**
 * Every how many steps one is compared: dense tfjs on its own backend takes up to a tenth of a second for
 * each.
 */
const EVERY = 40;
/**
 * The largest relative differences that one step may have: of the loss, of a gradient's norm, and among
 * activations that only one of the two engines keeps.
 */
const MOST = { loss: 1e-5, gradient: 1e-4, tie: 1e-5 };
/** Whole runs are compared before rounding makes them diverge: after this many steps, by their F1. */
const TOGETHER = 100;
const MOST_F1 = 0.005;

interface Case {
  experiment: string;
  seed: number;
  /** For run folders; removed when the case is done. */
  folder: string;
}

interface Part {
  seeds: number;
  /** Runs one case; whether its results are equal. */
  one(aCase: Case, evaluate: number): Promise<boolean>;
  /** Whether all cases together are equal. */
  all?(): boolean;
}

const quartets = new Map<string, Quartet[]>();

const PARTS: Record<string, Part> = {
  steps: {
    seeds: 3,
    async one({ experiment, seed }) {
      const worst = await comparedSteps(experiment, seed, STEPS, EVERY);
      print({ experiment, seed, ...worst });
      return worst.loss < MOST.loss && worst.gradient < MOST.gradient && worst.tie < MOST.tie;
    },
  },
  together: {
    seeds: 3,
    async one({ experiment, seed, folder }, evaluate) {
      const engines = ['embedded', 'tfjs'] as const;
      await trained({ experiment, seed, steps: TOGETHER, engines, folder });
      const [ours, theirs] = engines.map(
        (engine) => JSON.parse(readFileSync(join(folder, engine, 'losses.json'), 'utf8')) as number[],
      );
      const apart = ours.map((loss, step) => Math.abs(loss - theirs[step]) / theirs[step]);
      const parted = apart.findIndex((share) => share > MOST.loss);
      const [embedded, tfjs] = await f1s(folder, engines, evaluate);
      const difference = embedded - tfjs;
      print({ experiment, seed, loss: Math.max(...apart), parted, embedded, tfjs, difference });
      return Math.abs(difference) < MOST_F1;
    },
  },
  apart: {
    seeds: 12,
    async one({ experiment, seed, folder }, evaluate) {
      const engines = ['embedded', 'embeddedNudged', 'dense', 'denseNudged'] as const;
      await trained({ experiment, seed, steps: STEPS, engines, folder });
      const [embedded, embeddedNudged, dense, denseNudged] = await f1s(folder, engines, evaluate);
      const quartet = { embedded, embeddedNudged, dense, denseNudged };
      quartets.set(experiment, [...(quartets.get(experiment) ?? []), quartet]);
      print({ experiment, seed, ...quartet });
      return true;
    },
    all() {
      const compared = [...quartets].map(([experiment, found]) => ({ experiment, ...compare(found) }));
      for (const comparison of compared) print(comparison);
      return compared.every(isEqual);
    },
  },
};

async function f1s(folder: string, engines: readonly string[], evaluate: number): Promise<number[]> {
  const found: number[] = [];
  for (const engine of engines) found.push(await verifiedF1(join(folder, engine), evaluate));
  return found;
}

const print = (line: object) => process.stdout.write(`${JSON.stringify(line)}\n`);

const known = ['baseline_batchtopk', 'matryoshka', 'default'];
const command = program(
  'npm run test:engines --',
  "Compares the embedded engine's results with those of dense tfjs.",
)
  .addArgument(
    new Argument(
      '[parts...]',
      'steps: single steps of a full run; together: its first steps; apart: whole runs',
    )
      .choices(Object.keys(PARTS))
      .default(['steps', 'together']),
  )
  .option('--experiments <names>', 'separated by commas', known.join(','))
  .option('--seeds <n>', 'how many, from 0 on (default: 3; apart: 12)', whole(1))
  .option('--jobs <n>', 'cases side by side', whole(1), availableParallelism())
  .option('--evaluate <n>', 'fresh samples that an F1 is measured on', whole(1), 100_000)
  .addHelpText(
    'after',
    `
Examples:
  npm run test:engines                                             minutes: steps, together
  npm run test:engines -- apart                                    144 trainings
  npm run test:engines -- apart --experiments default --seeds 4`,
  );

interface Options {
  experiments: string;
  seeds?: number;
  jobs: number;
  evaluate: number;
}

/** Whether the cases of a part are equal, `jobs` of them at a time. */
async function isPartEqual(part: Part, experiments: string[], options: Options): Promise<boolean> {
  const temporary = mkdtempSync(join(tmpdir(), 'engines-'));
  const queue = Array.from({ length: options.seeds ?? part.seeds }, (_, seed) => seed).flatMap((seed) =>
    experiments.map((experiment) => ({ experiment, seed, folder: join(temporary, `${experiment}-${seed}`) })),
  );
  let equal = true;
  const worker = async () => {
    for (let next = queue.shift(); next; next = queue.shift()) {
      if (!(await part.one(next, options.evaluate))) equal = false;
      rmSync(next.folder, { recursive: true, force: true });
    }
  };
  try {
    await Promise.all(Array.from({ length: options.jobs }, worker));
  } finally {
    rmSync(temporary, { recursive: true, force: true });
  }
  return equal && (part.all?.() ?? true);
}

await runMain(async () => {
  if (!parsed(command)) return 0;
  const works = await worksHere(join(import.meta.dirname, '../..'));
  if (works !== null)
    throw new UserError(
      `Claude has worked on ${works}, and this runs the workspace's code without a sandbox`,
    );
  const options = command.opts<Options>();
  const experiments = options.experiments.split(',');
  const unknown = experiments.find((name) => !known.includes(name));
  if (unknown !== undefined)
    throw new UserError(`--experiments: "${unknown}" is none of ${known.join(', ')}`);
  const parts = command.processedArgs[0] as string[];
  if (parts.includes('apart') && options.seeds === 1) {
    throw new UserError('--seeds: apart compares spreads, which takes at least 2');
  }
  let equal = true;
  for (const part of parts) if (!(await isPartEqual(PARTS[part], experiments, options))) equal = false;
  return equal ? 0 : 1;
});
