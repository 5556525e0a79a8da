// Measures the speed of sampler, data service, evaluation and training step on this machine, one line each.
//   npm run --silent bench -- sampler serve eval --json
//   npm run --silent bench -- sampler --world state/worlds/my-16k --seconds 5
//   npm run --silent bench -- step --json

import { sayBuilding } from '#bench/cli/building';
import { print } from '#bench/cli/program';
import { locateReleased } from '#bench/hub/released';
import type { World } from '#bench/world/world';
import { openWorld } from '#bench/worlds';
import { parsed, program, whole } from '#contract/command-line';
import { runMain, UserError } from '#contract/errors';
import { benchEvaluation } from './evaluation.ts';
import { benchMachine } from './machine.ts';
import { benchSampler } from './sampler.ts';
import { benchServe } from './serve.ts';
import { productCeiling } from './step/ceiling.ts';
import { benchStep } from './step/step.ts';
import type { Line } from './timing.ts';
import { type Yardsticks, yardsticks } from './yardsticks.ts';

interface Options {
  world: string;
  seconds: number;
  json?: boolean;
  full?: boolean;
  backend: string;
  widths?: number[];
  threads?: number[];
}

function benchTrainer(
  _world: World,
  { seconds, full, backend, widths, threads }: Options,
): AsyncIterable<Line> {
  const ceiling = productCeiling(seconds);
  return benchStep(
    {
      backend,
      widths: widths ?? (full ? [1024, 2048, 4096, 8192, 16_384] : [4096]),
      threads: threads ?? (full ? [1, 2] : []),
      yardstick: !full,
      npmAlone: ceiling.isBlas && ['auto', 'embedded'].includes(backend),
      fullWorld: locateReleased() ?? undefined,
    },
    ceiling,
  );
}

type Bench = (
  world: World,
  options: Options,
  beside: () => Yardsticks,
) => Line[] | Promise<Line[]> | AsyncIterable<Line>;
const BENCHES: Record<string, Bench> = {
  machine: (_world, { seconds }) => benchMachine(seconds),
  sampler: (world, { seconds }, beside) => benchSampler(world, seconds, beside()),
  serve: (world, options, beside) => benchServe(options.world, world, options.seconds, beside()),
  eval: (world, { seconds, backend }, beside) => benchEvaluation(world, seconds, backend, beside()),
  step: benchTrainer,
};
/** Benches that take minutes: they run only where they are named. */
const LONG = ['step'];

await runMain(async () => {
  const command = parsed(
    program(
      'npm run bench --',
      'Measures the speed of the sampler, the data service, the evaluation and, if named, a training step on this machine.',
    )
      .argument(
        '[what...]',
        `any of: ${Object.keys(BENCHES).join(', ')} (default: all but ${LONG.join(', ')})`,
      )
      .option('--world <name>', 'a world: its name, config (.json) or folder', 'small')
      .option('--seconds <n>', 'seconds for each measurement', whole(1), 2)
      .option('--full', 'step: all widths, on 1 and 2 threads, without plain tfjs')
      .option('--backend <name>', 'step, eval: tensor backend', 'auto')
      .option('--widths <n,n>', 'step: widths at full size (default: 4096)', integers)
      .option('--threads <n,n>', "step: the engine's threads (default: its own choice)", integers)
      .option('--json', 'print one JSON object per line')
      .addHelpText(
        'after',
        '\nExamples:\n  npm run bench\n  npm run bench -- serve --world synth-16k --seconds 10\n  npm run bench -- step --json',
      ),
  );
  if (!command) return 0;
  const options = command.opts<Options>();
  const wanted =
    command.args.length > 0 ? command.args : Object.keys(BENCHES).filter((name) => !LONG.includes(name));
  const unknown = wanted.find((name) => !Object.hasOwn(BENCHES, name));
  if (unknown)
    throw new UserError(`unknown bench "${unknown}"; there are: ${Object.keys(BENCHES).join(', ')}`);
  const { world } = await openWorld(options.world, sayBuilding(options.world));
  // Measured once per call of this program, and only where a bench is compared with them.
  let measured: Yardsticks | undefined;
  const beside = (): Yardsticks => {
    measured ??= yardsticks(world, options.seconds);
    return measured;
  };
  for (const name of wanted) {
    for await (const line of await BENCHES[name](world, options, beside)) {
      print(`${options.json ? JSON.stringify({ world: options.world, ...line }) : spoken(line)}\n`);
    }
  }
  return 0;
});

function integers(text: string): number[] {
  return text.split(',').map(whole(1));
}

function spoken({ name, ms, ...rest }: Line): string {
  const numbers = Object.entries({ ms, ...rest }).map(
    ([key, value]) => `${key} ${typeof value === 'number' ? Number(value.toPrecision(4)) : value}`,
  );
  return `${name.padEnd(20)} ${numbers.join('  ')}`;
}
