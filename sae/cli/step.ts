import { parsed, program, several, whole } from '#contract/command-line';
import { runMain, UserError } from '#contract/errors';
import { backendNames, openBackend } from '#engine/backend';
import { uniform } from '#engine/random';
import { loadAddons, loadArchitecture, loadExperiments } from '../load.ts';
import { widthProfile } from '../profiles.ts';
import { resolve } from '../settings.ts';
import { measureSteps } from '../trainer/measure.ts';
import type { Batches } from '../trainer/plan.ts';
import { dataDescriptor, jsonObject, openData } from './arguments.ts';

interface Options {
  /** Name of the sizes. */
  profile: string;
  /** Sizes of the profile from TASK.md, over those in `profiles.ts`. */
  settings: Record<string, unknown>;
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
  /** Trains on one batch again and again. */
  resident: boolean;
}

const command = program(
  'step',
  'Times the parts of a training step on the data stream in $LOOP_DATA_FD; prints one JSON object.',
)
  .argument('<experiment>', 'a name that `train --list` prints')
  .option('--profile <name>', 'sizes: a name in sae/profiles.ts, or any with --settings', 'small')
  .option('--settings <json>', 'sizes of the profile, over those in sae/profiles.ts', jsonObject, {})
  .option('--steps <n>', 'steps that are measured; the means of their middle half are printed', whole(1), 20)
  .option('--warm-up <n>', 'steps before those', whole(0), 5)
  .option('--set <key=value>', 'a setting of architecture or trainer, repeatable', several, [])
  .option('--backend <name>', `tensor backend: auto, ${backendNames.join(', ')}`, 'auto')
  .option('--plain', 'run the named operations in plain tfjs, for comparison', false)
  .option('--resident', 'train on one batch again and again: steps alone, nothing is drawn meanwhile', false)
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
  const served = openData(fd);
  const { d, batchRows } = served.header;
  const profile = widthProfile(options.profile, options.settings);
  const settings = resolve(experiment, architecture, addons, profile, d, options.set);
  const data = options.resident ? repeated(served) : served;
  const measured = measureSteps(architecture, settings, data, uniform(0), options);
  served.close();
  const answer = {
    experiment: name,
    architecture: experiment.architecture,
    backend: backend.label,
    d_in: d,
    d_sae: settings.sae.d_sae,
    batch: batchRows,
    settings: { ...settings.sae, ...settings.trainer },
    ...measured,
    peakBytes: process.resourceUsage().maxRSS * 1024,
  };
  process.stdout.write(`${JSON.stringify(answer)}\n`);
  return 0;
});

/** The first batch of the data, without end. */
function repeated(data: Batches): Batches {
  const batch = data.next();
  return { header: data.header, next: () => batch };
}
