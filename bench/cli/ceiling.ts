// What a supervised linear probe reaches on a world: the mean F1 drawn as a ceiling.
//   npm run ceiling -- --profile small
//   npm run ceiling -- --profile 16k --samples 1000000    # hours on a CPU

import { parsed, program, whole } from '#contract/command-line';
import { runMain } from '#contract/errors';
import { clock, startWorking } from '#contract/working';
import { probeCeiling } from '../ceiling/ceiling.ts';
import { openWorld, profileWorld } from '../worlds.ts';
import { sayBuilding } from './building.ts';

interface Options {
  profile: string;
  world?: string;
  width?: number;
  samples: number;
  test: number;
  seed: number;
}

const BATCH = 256;
const LEARNING_RATE = 0.05;

await runMain(async () => {
  const command = parsed(
    program(
      'npm run ceiling --',
      'Fits a logistic-regression probe on x for each of the first features of a world and prints their mean F1.',
    )
      .option('--profile <name>', 'profile of TASK.md that gives world and width', 'small')
      .option('--world <name>', 'a world instead of a profile: its name, config (.json) or folder')
      .option(
        '--width <n>',
        'number of probes (default: the width that the profile requires, else a quarter of the features)',
        whole(1),
      )
      .option('--samples <n>', 'number of samples to fit on; each is used once', whole(1), 400_000)
      .option('--test <n>', 'number of other samples to measure F1 on', whole(1), 100_000)
      .option('--seed <n>', 'seed of all samples', whole(0), 0)
      .addHelpText(
        'after',
        '\nThe last line is JSON; the result is kept in state/ceilings/.\n\nExamples:\n  npm run ceiling -- --profile small\n  npm run ceiling -- --world mine.json --width 64 --samples 1000000',
      ),
  );
  if (!command) return 0;
  const options = command.opts<Options>();
  const { profile, world: name } = options.world
    ? { profile: null, world: options.world }
    : profileWorld(options.profile);
  const named = await openWorld(name, sayBuilding(name));
  const demanded = /^==\s*(\d+)$/.exec(String(profile?.constraints.width ?? ''))?.[1];
  const width = options.width ?? (demanded ? Number(demanded) : Math.ceil(named.world.numFeatures / 4));
  const started = performance.now();
  const work = startWorking(`fitting ${width} probes`);
  const { samples: fitSamples, test: testSamples, seed } = options;
  const ceiling = probeCeiling(
    named,
    { width, fitSamples, testSamples, batch: BATCH, learningRate: LEARNING_RATE, seed },
    (done, of) => {
      const left = (((performance.now() - started) / done) * (of - done)) / 1000;
      work.told(`${done.toLocaleString('en')} of ${of.toLocaleString('en')} samples · ${clock(left)} left`);
    },
  );
  work.end();
  const { perFeature, ...summary } = ceiling;
  const worst = Math.min(...perFeature);
  process.stderr.write(
    `${name}: ${width} probes, mean F1 ${ceiling.f1.toFixed(4)}, lowest ${worst.toFixed(4)} (fit ${fitSamples}, test ${testSamples} samples)\n`,
  );
  process.stdout.write(`${JSON.stringify(summary)}\n`);
  return 0;
});
