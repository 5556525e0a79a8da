// Measures the speed of sampler, data service, evaluation and training step on this machine: a table of each.
//   npm run --silent bench -- sampler serve eval --json
//   npm run --silent bench -- sampler --world state/worlds/my-16k --seconds 5
//   npm run --silent bench -- step --json

import { Option } from 'commander';
import { sayBuilding } from '#bench/cli/building';
import { print } from '#bench/cli/program';
import { locateReleased } from '#bench/hub/released';
import type { World } from '#bench/world/world';
import { openWorld } from '#bench/worlds';
import { parsed, program, whole } from '#contract/command-line';
import { runMain, UserError } from '#contract/errors';
import { startWorking } from '#contract/working';
import type { SandboxChoice } from '#host/by-hand';
import { benchEvaluation } from './evaluation.ts';
import { benchMachine } from './machine.ts';
import { type PeerLine, tableOf } from './peer/compare.ts';
import { benchPeer } from './peer/open.ts';
import { PARTS, type Part } from './peer/peer.ts';
import { benchSampler } from './sampler.ts';
import { benchServe } from './serve.ts';
import { productCeiling } from './step/ceiling.ts';
import { benchStep } from './step/step.ts';
import type { Line } from './timing.ts';
import { inWords } from './words.ts';
import { type Yardsticks, yardsticks } from './yardsticks.ts';

interface Options {
  world: string;
  seconds: number;
  json?: boolean;
  full?: boolean;
  backend: string;
  sandbox: SandboxChoice;
  widths?: number[];
  threads?: number[];
  profile: string;
  parts?: Part[];
  rounds: number;
}

function benchTrainer(
  _world: World,
  { seconds, full, backend, sandbox, widths, threads }: Options,
): AsyncIterable<Line> {
  const ceiling = productCeiling(seconds);
  return benchStep(
    {
      backend,
      sandbox,
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
  peer: (_world, options) => benchPeer(options),
};
/** Benches that take minutes: they run only where they are named. */
const LONG = ['step', 'peer'];

await runMain(async () => {
  const command = parsed(
    program(
      'npm run bench --',
      'Measures the speed of the sampler, the data service, the evaluation and, if named, a training step and SAELens on this machine.',
    )
      .argument(
        '[what...]',
        `any of: ${Object.keys(BENCHES).join(', ')} (default: all but ${LONG.join(', ')})`,
      )
      .option('--world <name>', 'a world: its name, config (.json) or folder', 'small')
      .option('--seconds <n>', 'seconds for each measurement', whole(1), 2)
      .option('--full', 'step: all widths, on 1 and 2 threads, without plain tfjs')
      .option('--backend <name>', 'step, eval: tensor backend', 'auto')
      .addOption(
        new Option('--sandbox <how>', 'step, peer: bubblewrap for the trainer where it works')
          .choices(['auto', 'off'])
          .default('auto'),
      )
      .option('--widths <n,n>', 'step: widths at full size (default: 4096)', integers)
      .option('--threads <n,n>', "step: the engine's threads (default: its own choice)", integers)
      .option('--profile <name>', 'peer: sizes of a profile of TASK.md', '16k')
      .option('--parts <a,b>', `peer: some of ${PARTS.join(', ')} (default: all)`, partsIn)
      .option('--rounds <n>', 'peer: how often each is measured, in turn', whole(1), 3)
      .option('--json', 'print one JSON object per line')
      .addHelpText(
        'after',
        '\nExamples:\n  npm run bench\n  npm run bench -- serve --world synth-16k --seconds 10\n  npm run bench -- step --json\n  npm run bench -- peer --profile small',
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
    const lines: Line[] = [];
    const work = startWorking(`measuring ${name}`);
    try {
      for await (const line of await BENCHES[name](world, options, beside)) {
        lines.push(line);
        work.told(`${line.name} is done`);
        if (options.json) print(`${JSON.stringify({ world: options.world, ...line })}\n`);
      }
    } finally {
      work.end();
    }
    if (options.json) continue;
    print(
      `${name === wanted[0] ? '' : '\n'}${name === 'peer' ? peerInWords(lines as PeerLine[]) : inWords(name, lines)}`,
    );
  }
  return 0;
});

function integers(text: string): number[] {
  return text.split(',').map(whole(1));
}

function partsIn(text: string): Part[] {
  return text.split(',').map((name) => {
    const part = PARTS.find((one) => one === name);
    if (!part) throw new UserError(`--parts: "${name}" is none of ${PARTS.join(', ')}`);
    return part;
  });
}

/** The comparison with SAELens as a table, and what was compared on what. */
function peerInWords(lines: readonly PeerLine[]): string {
  const [{ saelens, torch, peerThreads, cpu, cores, gpu, blas, npmAloneBy, world, features }] = lines;
  const sizes = lines.find(({ d_sae }) => d_sae !== undefined);
  return [
    tableOf(lines),
    `samples a second; ${world}: ${features} features${sizes ? `, d_in ${sizes.d_in}, d_sae ${sizes.d_sae}, batch ${sizes.batch}` : ''}`,
    `SAELens ${saelens} on PyTorch ${torch}, ${peerThreads} threads; ours with ${blas ?? 'npm alone: no library for dense products is here'}${npmAloneBy === undefined ? '' : `; npm alone by ${npmAloneBy}`}`,
    `${cpu}, ${cores} cores${gpu === undefined ? '' : `; ${gpu}`}`,
    '',
  ].join('\n');
}
