// How fast the benchmark itself is on this machine, one JSON object a line.
//   npm run --silent bench -- sampler serve eval --json
//   npm run --silent bench -- sampler --world state/worlds/my-16k --seconds 5
//   npm run --silent bench -- step --json
import { spawn } from 'node:child_process';
import { closeSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { runMain, UserError } from '#contract/errors';
import { makePipe } from '#host/pipe';
import { Evaluation } from '../eval/evaluation.ts';
import { matchLatents } from '../eval/matching.ts';
import { innerProducts } from '../gemm.ts';
import { Random } from '../random.ts';
import { planOf } from '../sampler/plan.ts';
import { hiddenOf, referenceSample } from '../sampler/reference.ts';
import { Sampler } from '../sampler/sampler.ts';
import { benchStep } from '../step/step.ts';
import { openStream } from '../stream/reader.ts';
import type { World } from '../world/world.ts';
import { openWorld } from '../worlds.ts';
import { integer, parsed, print, program } from './program.ts';

const ROWS = 1024;

interface Line {
  name: string;
  ms: number;
  samplesPerSecond?: number;
  /** Against the plain reference pipeline in the same run. */
  ratio?: number;
  [more: string]: number | string | undefined;
}

interface Options {
  world: string;
  seconds: number;
  json?: boolean;
  full?: boolean;
  backend: string;
  widths?: number[];
  threads?: number[];
}

/** Repeats `step` (of so many samples) for some seconds after one round to warm up. */
function timed(
  seconds: number,
  samples: number,
  step: (round: number) => void,
): { ms: number; samplesPerSecond: number } {
  step(0);
  const started = performance.now();
  let rounds = 0;
  do step(++rounds);
  while (performance.now() - started < seconds * 1000);
  const ms = performance.now() - started;
  return { ms, samplesPerSecond: (rounds * samples * 1000) / ms };
}

/** What this machine can do at best here: copying memory, and multiply-adds of our SIMD product on one thread. */
function ceilings(seconds: number): { copyBytesPerSecond: number; multiplyAddsPerSecond: number } {
  const from = new Float32Array(1 << 24).fill(1);
  const to = new Float32Array(from.length);
  const copied = timed(seconds, from.byteLength, () => to.set(from));
  const [rows, columns, d] = [512, 1024, 768];
  const [a, b] = [new Float32Array(rows * d).fill(1), new Float32Array(columns * d).fill(1)];
  const multiplied = timed(seconds, rows * columns * d, () => innerProducts(a, b, d));
  return {
    copyBytesPerSecond: copied.samplesPerSecond,
    multiplyAddsPerSecond: multiplied.samplesPerSecond,
  };
}

function benchMachine(_world: World, { seconds }: Options): Line[] {
  return [{ name: 'machine', ms: seconds * 1000, ...ceilings(seconds) }];
}

function benchSampler(world: World, { seconds }: Options): Line[] {
  const sampler = new Sampler(world, 0, 'bench');
  const x = new Float32Array(ROWS * world.hiddenDim);
  const fast = timed(seconds, ROWS, (round) => sampler.sample(round, ROWS, x));
  const sparse = timed(seconds, ROWS, (round) => sampler.sample(round, ROWS));
  const few = Math.max(4, Math.round(2e6 / world.numFeatures));
  const plain = timed(seconds, few, (round) => {
    hiddenOf(world, referenceSample(world, few, new Random(0, 'bench', round)));
  });
  // Multiply-adds that the definition of a sample asks of the fast sampler: factors of the top features, and the sums of x.
  const { rank, top } = planOf(world);
  const active = sampler.sample(0, ROWS).features.length / ROWS;
  const multiplyAdds = rank * top.length + active * world.hiddenDim;
  const machine = ceilings(1);
  const ratio = (line: { samplesPerSecond: number }): number =>
    line.samplesPerSecond / plain.samplesPerSecond;
  return [
    {
      name: 'sampler dense',
      ...fast,
      ratio: ratio(fast),
      shareOfMultiplyAdds: (fast.samplesPerSecond * multiplyAdds) / machine.multiplyAddsPerSecond,
      shareOfCopy: (fast.samplesPerSecond * world.hiddenDim * 4) / machine.copyBytesPerSecond,
    },
    { name: 'sampler sparse', ...sparse, ratio: ratio(sparse) },
    { name: 'reference pipeline', ...plain, ratio: 1 },
  ];
}

async function benchServe(world: World, { world: name, seconds }: Options): Promise<Line[]> {
  const d = world.hiddenDim;
  return [
    through('serve', ['../cli/serve.ts', '--world', name], d, seconds),
    through('pipe alone', ['../stream/testing/pour.ts', String(d), String(ROWS)], d, seconds),
  ];
}

/** Rows a second that a reader gets from a program that writes a stream. */
function through(name: string, [program, ...args]: string[], d: number, seconds: number): Line {
  const pipe = makePipe();
  const path = fileURLToPath(new URL(program, import.meta.url));
  const writer = spawn(process.execPath, ['--import', 'tsx', path, ...args], {
    stdio: ['ignore', pipe.writeFd, 'ignore'],
  });
  closeSync(pipe.writeFd);
  const reader = openStream(pipe.readFd);
  const read = timed(seconds, ROWS, () => {
    if (!reader.next()) throw new Error(`${program} ended`);
  });
  reader.close();
  writer.kill();
  return { name, ...read, gigabytesPerSecond: (read.samplesPerSecond * d * 4) / 1e9 };
}

/** An SAE that is nearly right: a quarter of the features, its codes the truth's. */
function benchEval(world: World, { seconds }: Options): Line[] {
  const latents = Math.ceil(world.numFeatures / 4);
  const { hiddenDim: dim } = world;
  const random = new Random(0, 'bench decoder', 0);
  const weights = world.featureVectors
    .slice(0, latents * dim)
    .map((value) => value + (0.3 * random.normal()) / Math.sqrt(dim));
  const started = performance.now();
  const matching = matchLatents(
    { count: latents, dim, data: weights },
    { count: world.numFeatures, dim, data: world.featureVectors },
  );
  const matched = performance.now() - started;
  const evaluation = new Evaluation(matching, { weights, bias: world.bias }, world.numFeatures);
  const sampler = new Sampler(world, 0, 'bench');
  const x = new Float32Array(ROWS * dim);
  const truth = sampler.sample(0, ROWS, x);
  const codes = { ...truth, indices: truth.features.map((feature) => feature % latents) };
  const counted = timed(seconds, ROWS, () => evaluation.add(truth, x, codes));
  return [
    { name: 'eval matching', ms: matched, latents, mcc: matching.mcc },
    { name: 'eval counting', ...counted },
  ];
}

function benchTrainer(
  _world: World,
  { seconds, full, backend, widths, threads }: Options,
): AsyncIterable<Line> {
  const cores = availableParallelism();
  return benchStep({
    backend,
    widths: widths ?? (full ? [1024, 2048, 4096, 8192, 16_384] : [4096]),
    threads: threads ?? (full ? [1, 2] : []),
    yardstick: !full,
    ceiling: {
      multiplyAddsPerSecond: ceilings(seconds).multiplyAddsPerSecond * cores,
      of: `our SIMD product on one thread, times ${cores} cores`,
    },
  });
}

type Bench = (world: World, options: Options) => Line[] | Promise<Line[]> | AsyncIterable<Line>;
const BENCHES: Record<string, Bench> = {
  machine: benchMachine,
  sampler: benchSampler,
  serve: benchServe,
  eval: benchEval,
  step: benchTrainer,
};
/** Takes minutes: only where it is named. */
const LONG = ['step'];

await runMain(async () => {
  const command = parsed(
    program('bench', 'Measures sampler, data service and evaluation on this machine.')
      .argument(
        '[what...]',
        `any of: ${Object.keys(BENCHES).join(', ')} (default: all but ${LONG.join(', ')})`,
      )
      .option('--world <name>', 'a world by name, config (.json) or folder', 'small')
      .option('--seconds <n>', 'for each measurement', integer(1), 2)
      .option('--full', 'step: all widths, on 1 and 2 threads, without plain tfjs')
      .option('--backend <name>', 'step: what runs the tensors', 'auto')
      .option('--widths <n,n>', 'step: widths at full size (default: 4096)', integers)
      .option('--threads <n,n>', "step: the engine's threads (default: its own choice)", integers)
      .option('--json', 'one JSON object a line'),
  );
  if (!command) return 0;
  const options = command.opts<Options>();
  const wanted =
    command.args.length > 0 ? command.args : Object.keys(BENCHES).filter((name) => !LONG.includes(name));
  const unknown = wanted.find((name) => !Object.hasOwn(BENCHES, name));
  if (unknown)
    throw new UserError(`unknown bench "${unknown}"; there are: ${Object.keys(BENCHES).join(', ')}`);
  const { world } = await openWorld(options.world);
  for (const name of wanted) {
    for await (const line of await BENCHES[name](world, options)) {
      print(`${options.json ? JSON.stringify({ world: options.world, ...line }) : spoken(line)}\n`);
    }
  }
  return 0;
});

function integers(text: string): number[] {
  return text.split(',').map(integer(1));
}

function spoken({ name, ms, ...rest }: Line): string {
  const numbers = Object.entries({ ms, ...rest }).map(
    ([key, value]) => `${key} ${typeof value === 'number' ? Number(value.toPrecision(4)) : value}`,
  );
  return `${name.padEnd(20)} ${numbers.join('  ')}`;
}
