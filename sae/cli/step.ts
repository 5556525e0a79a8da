import { parsed, program, several, whole } from '#contract/command-line';
import { runMain, UserError } from '#contract/errors';
import { backendNames, openBackend } from '#engine/backend';
import { uniform } from '#engine/random';
import { loadAddons, loadArchitecture, loadExperiments } from '../load.ts';
import { widthProfile } from '../profiles.ts';
import { resolve } from '../settings.ts';
import { measureSteps } from '../trainer/measure.ts';
import { dataDescriptor, openData } from './arguments.ts';

interface Options {
  /** Name of the sizes. */
  profile: string;
  /** Steps that are measured. */
  steps: number;
  /** Steps before those. */
  warmUp: number;
  /** `key=value` settings. */
  set: string[];
  /** Name of the tensor backend. */
  backend: string;
  /** Runs the named operations in plain tfjs. */
  plain: boolean;
}

const command = program(
  'step',
  'Times the parts of a training step on the data stream in $LOOP_DATA_FD; prints one JSON object.',
)
  .argument('<experiment>', 'a name that `train --list` prints')
  .option('--profile <name>', 'sizes: a name in sae/profiles.ts', 'small')
  .option('--steps <n>', 'number of steps that are measured; medians are printed', whole(1), 20)
  .option('--warm-up <n>', 'number of steps before the measured ones', whole(0), 5)
  .option('--set <key=value>', 'a setting of architecture or trainer, repeatable', several, [])
  .option('--backend <name>', `tensor backend: auto, ${backendNames.join(', ')}`, 'auto')
  .option('--plain', 'run the named operations in plain tfjs, for comparison', false)
  .addHelpText(
    'after',
    `
\`npm run bench -- step\` starts the data service too and compares. Without it:
  $ node --import tsx bench/cli/serve.ts --profile small |
      LOOP_DATA_FD=0 node --import tsx sae/cli/step.ts baseline_batchtopk`,
  );

await runMain(async () => {
  if (!parsed(command)) return 0;
  const options = command.opts<Options>();
  const [name] = command.args;
  const experiment = (await loadExperiments()).get(name);
  if (!experiment) throw new UserError(`unknown experiment "${name}"; \`train --list\` prints their names`);
  const fd = dataDescriptor();
  const [architecture, addons, backend] = await Promise.all([
    loadArchitecture(experiment.architecture),
    loadAddons(),
    openBackend(options.backend, { plain: options.plain }),
  ]);
  const data = openData(fd);
  const { d, batchRows } = data.header;
  const settings = resolve(experiment, architecture, addons, widthProfile(options.profile), d, options.set);
  const measured = measureSteps(architecture, settings, data, uniform(0), options);
  data.close();
  const answer = {
    experiment: name,
    architecture: experiment.architecture,
    backend: backend.label,
    d_in: d,
    d_sae: settings.sae.d_sae,
    batch: batchRows,
    ...measured,
    peakBytes: process.resourceUsage().maxRSS * 1024,
  };
  process.stdout.write(`${JSON.stringify(answer)}\n`);
  return 0;
});
