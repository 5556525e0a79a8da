// Whether the embedded engine's results are those of dense tfjs: trains BatchTopK, Matryoshka and LISTA-Matryoshka at the small
// world, from the same initial weights on the same data, and compares the verified F1 on the same samples, seed by seed: exit code 1
// where a run lies 0.005 or more from dense tfjs. That runs
// twice, with the engine's own dense products and on tfjs' wasm backend: runs that differ in rounding alone part at times where
// a latent dies or is revived, so these two say how far apart equal engines come out.
//   npm run test:engines                                  3 seeds, a counting run each; an hour on 2 cores
//   npm run test:engines -- --seeds 1 --samples 512000    a look
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parsed, program, whole } from '#agent/cli/arguments';
import { writeJsonAtomic } from '#contract/atomic';
import { runMain, UserError } from '#contract/errors';
import type { RunRecord } from '#contract/run';
import { Verdict } from '#contract/verdict';

const root = fileURLToPath(new URL('../..', import.meta.url));
/** How far a run may lie from that of the same seed in dense tfjs, in F1. */
const MOST = 0.005;
const ENGINES: Record<string, string[]> = {
  embedded: ['--backend', 'embedded'],
  dense: ['--backend', 'embedded', '--plain'],
  denseOnWasm: ['--backend', 'wasm', '--plain'],
};

const known = ['baseline_batchtopk', 'matryoshka', 'default'];
const command = program(
  'npm run test:engines --',
  "Compares the embedded engine's results with those of dense tfjs.",
)
  .option('--experiments <names>', 'separated by commas', known.join(','))
  .option('--no-wasm', 'without tfjs on its wasm backend')
  .option('--seeds <n>', 'how many, from 0 on', whole(1), 3)
  .option('--samples <n>', 'training rows', whole(1), 2_048_000)
  .option('--evaluate <n>', 'fresh samples that a verdict is measured on', whole(1), 100_000);

function start(script: string, args: string[], stdin?: ChildProcess, env = {}): ChildProcess {
  return spawn(process.execPath, ['--import', 'tsx', script, ...args], {
    cwd: root,
    env: { ...process.env, ...env },
    stdio: [stdin?.stdout ?? 'ignore', 'pipe', 'inherit'],
  });
}

async function trained(experiment: string, seed: number, samples: number, dir: string, engine: string[]) {
  const serve = start('bench/cli/serve.ts', ['--profile', 'small', '--seed', String(seed)]);
  const args = ['--samples', String(samples), '--seed', String(seed), '--out', join(dir, 'out'), ...engine];
  const train = start('sae/cli/train.ts', [experiment, ...args], serve, { LOOP_DATA_FD: '0' });
  train.stdout?.resume();
  const [code] = await once(train, 'exit');
  serve.kill();
  if (code !== 0) throw new Error(`${experiment}, seed ${seed}: the trainer ended with ${code}`);
}

async function f1(dir: string, evaluate: number): Promise<number> {
  const judge = start('bench/cli/judge.ts', [
    ...[dir, '--tree-dir', root, '--json', '--sandbox', 'off'],
    ...['--samples', String(evaluate), '--eval-seed', '99'],
  ]);
  let text = '';
  judge.stdout?.on('data', (chunk) => {
    text += chunk;
  });
  const [code] = await once(judge, 'close');
  if (code !== 0) throw new Error(`${dir}: the judge ended with ${code}`);
  return Verdict.parse(JSON.parse(text.trim().split('\n').at(-1) ?? '')).metrics.f1;
}

function record(experiment: string, seed: number, samples: number): RunRecord {
  const now = new Date().toISOString();
  return {
    ...{ version: 1, id: `engines-${experiment}-s${seed}`, sprint: null, experiment, args: [experiment] },
    ...{ profile: 'small', seed, samples, tree: 'worktree', startedAt: now, endedAt: now },
    ...{ status: 'finished', reason: null, seconds: null, rowsServed: null, sandbox: 'off' },
    machine: { host: '', cpu: '', cores: 1, gpu: null, node: process.version },
  };
}

/** How an engine's F1 differs from that of dense tfjs, seed by seed: the mean with its sign, mean and largest without. */
function apart(all: readonly Record<string, number>[], engine: string) {
  const differences = all.map((found) => found[engine] - found.dense);
  const sizes = differences.map(Math.abs);
  const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  return { signedMean: mean(differences), mean: mean(sizes), largest: Math.max(...sizes) };
}

await runMain(async () => {
  if (!parsed(command)) return 0;
  const { experiments, seeds, samples, evaluate, wasm } = command.opts();
  const unknown = experiments.split(',').find((name: string) => !known.includes(name));
  if (unknown !== undefined) {
    throw new UserError(`--experiments ${experiments}: "${unknown}" is none of ${known.join(', ')}`);
  }
  const folder = mkdtempSync(join(tmpdir(), 'engines-'));
  let worst = 0;
  try {
    for (const experiment of experiments.split(',')) {
      const all: Record<string, number>[] = [];
      for (let seed = 0; seed < seeds; seed++) {
        const found: Record<string, number> = {};
        for (const [engine, options] of Object.entries(ENGINES)) {
          if (engine === 'denseOnWasm' && !wasm) continue;
          const dir = join(folder, `${experiment}-${seed}-${engine}`);
          mkdirSync(join(dir, 'out'), { recursive: true });
          writeJsonAtomic(join(dir, 'run.json'), record(experiment, seed, samples));
          await trained(experiment, seed, samples, dir, options);
          found[engine] = await f1(dir, evaluate);
        }
        all.push(found);
        process.stdout.write(`${JSON.stringify({ experiment, seed, ...found })}\n`);
      }
      const difference = apart(all, 'embedded');
      worst = Math.max(worst, difference.largest);
      const ofRounding = wasm ? apart(all, 'denseOnWasm') : null;
      process.stdout.write(`${JSON.stringify({ experiment, difference, ofRounding })}\n`);
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  return worst < MOST ? 0 : 1;
});
