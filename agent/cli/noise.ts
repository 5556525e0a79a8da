// How far runs of equal worth are apart, at each budget of a profile, as a file that TASK.md names:
//   npm run noise -- small --beside ablation_no_term
//   npm run noise -- small --budgets full --seeds 12
import { existsSync } from 'node:fs';
import { dirname, relative, resolve } from 'node:path';
import { InvalidArgumentError } from 'commander';
import { writeFileAtomic } from '#contract/atomic';
import { runMain, UserError } from '#contract/errors';
import { BUDGETS, type Budget, type NoiseAt, NoiseDraft, readNoise } from '#contract/noise';
import type { Settings } from '#contract/run';
import { pairsOf } from '#contract/settings';
import { profileOf, readTask } from '#contract/task';
import { type SandboxChoice, sandboxByHand } from '#host/by-hand';
import { withEngineOptions } from '#host/engine-options';
import { snapshotTree } from '#host/tree';
import { makeWritable } from '#host/writable';
import { openGit } from '../git/git.ts';
import { noiseAt } from '../sweep/noise-at.ts';
import type { SweepRun } from '../sweep/rows.ts';
import { listExperiments } from '../task/experiments.ts';
import { tryForcedBackend } from '../task/forced-backend.ts';
import { readyProfile } from '../task/profiles.ts';
import { parsed, program, sandboxOption, setting, whole } from './arguments.ts';
import { makeRuns, withFingerprints } from './make-runs.ts';
import { show, table } from './verdict-table.ts';
import { say } from './watch.ts';

interface Options {
  experiment: string;
  beside?: string;
  budgets: Budget[];
  seed: number;
  seeds: number;
  set: Settings;
  out?: string;
  sandbox: SandboxChoice;
}

const command = program(
  'npm run noise --',
  'Trains the same recipe on many seeds at each budget of a profile, and writes how far the runs are apart into the file that decisions take their noise from. Runs that are complete are passed over.',
)
  .argument('<profile>', 'a profile of TASK.md')
  .option('--experiment <name>', 'the recipe', 'default')
  .option(
    '--beside <name>',
    'a recipe of about equal worth, trained on the same seeds: the pairs give the deviation of a difference (default: none; it is then that of two runs that share nothing)',
  )
  .option('--budgets <names>', `some of ${BUDGETS.join(', ')}; the others stay as they are`, budgets, [
    ...BUDGETS,
  ])
  .option('--seed <n>', 'the first seed', whole(0), 0)
  .option('--seeds <n>', 'how many seeds, one after the other', whole(2), 8)
  .option('--set <key=value>', 'overrides a setting of the recipes; may be repeated', setting, {})
  .option('--out <file>', 'the file (default: the one that TASK.md names, else noise/<profile>.json)')
  .addOption(sandboxOption())
  .addHelpText(
    'after',
    `
Examples:
  npm run noise -- small --beside ablation_no_term
  npm run noise -- small --budgets full --seeds 12

Commit the file and name it in TASK.md, as in noise: noise/small.json.
Exit code 0 when every run is measured, 1 when one is not, 130 after Ctrl-C; the same command goes on with what is missing.`,
  );

function budgets(text: string): Budget[] {
  return text.split(',').map((name) => {
    const found = BUDGETS.find((budget) => budget === name.trim());
    if (!found)
      throw new InvalidArgumentError(`It must be some of ${BUDGETS.join(', ')}, with commas between.`);
    return found;
  });
}

const ABOUT =
  'How far runs of equal worth are apart. run: the standard deviation of one run over seeds (n - 1), pooled over the recipes. difference: that of the recipe less the one beside it on the same seed, or of two runs without a common seed where none is beside it. Both have the noise of the measurement in them: each verdict or snapshot draws fresh rows. The difference of the deciding metric is the noise of TASK.md. Written by npm run noise.';

async function main(): Promise<number> {
  if (!parsed(withEngineOptions(command))) return 0;
  const options = command.opts<Options>();
  const { experiment, beside = null, seed, seeds, set: settings } = options;
  // The same runs on both sides would be no distance apart, and any gain above the noise.
  if (beside === experiment)
    throw new UserError(`--beside ${beside}: is the recipe itself; name another one`);
  const repo = process.cwd();
  const task = readTask('TASK.md');
  const profileName = await readyProfile(task, repo, command.args[0]);
  const profile = profileOf(task, profileName);
  const file = resolve(
    options.out ?? (typeof profile.noise === 'string' ? profile.noise : `noise/${profileName}.json`),
  );
  const draft = draftOf(file, profileName);
  makeWritable('--out', dirname(file));
  const sandbox = await sandboxByHand(repo, options.sandbox);
  const recipes = [experiment, ...(beside === null ? [] : [beside])];
  const known = await listExperiments({ task, repo, sandbox });
  const names = known.filter(({ members }) => !members).map(({ name }) => name);
  const unknown = recipes.find((name) => !names.includes(name));
  if (unknown !== undefined)
    throw new UserError(`unknown experiment "${unknown}"; there are: ${names.join(', ')}`);
  await tryForcedBackend(task, repo, sandbox);
  const tree = await snapshotTree({ repo, folder: task.contract.workspace });
  const printed = await withFingerprints(
    { repo, task, sandbox, profileName, tree },
    recipes.map((name) => ({ name, settings })),
  );
  const commit = (await (await openGit(repo)).revparse(['HEAD'])).trim();
  const again = [
    `npm run noise -- ${profileName} --experiment ${experiment}`,
    ...(beside === null ? [] : [`--beside ${beside}`]),
    `--seed ${seed} --seeds ${seeds}`,
    ...pairsOf(settings).map((pair) => `--set ${pair}`),
  ].join(' ');
  let complete = true;
  const asked = BUDGETS.filter((name) => options.budgets.includes(name));
  for (const [at, budget] of asked.entries()) {
    const samples = profile.budgets[budget];
    // What a decision at this budget compares: verdicts of full runs, the last snapshots of shorter ones.
    const measured: 'verdict' | 'snapshot' = budget === 'full' ? 'verdict' : 'snapshot';
    const wanted = Array.from({ length: seeds }, (_, i) => seed + i).flatMap((each) =>
      printed.map((recipe) => ({ ...recipe, seed: each })),
    );
    const common = { repo, task, sandbox, profileName, tree, samples, measured };
    let runs: SweepRun[] = [];
    const onRun = (made: SweepRun[]) => {
      runs = made;
    };
    const whole = await makeRuns(wanted, common, { onRun, within: `${budget} · ` });
    if (!whole) {
      say(`stopped within ${budget}; go on with: ${again} --budgets ${asked.slice(at).join(',')}`);
      return 130;
    }
    complete &&= runs.every(({ status }) => status === 'finished');
    const rows = profile.evaluation[measured];
    const made = { ...{ samples, experiment, beside, settings, measured, rows }, ...{ commit, tree } };
    const level = noiseAt(
      { ...made, at: new Date().toISOString(), command: `${again} --budgets ${budget}` },
      runs,
      task.contract,
    );
    if (!level) throw new UserError(`${budget}: fewer than two seeds were measured, so there is no spread`);
    draft.budgets[budget] = level;
    writeFileAtomic(file, inFile(draft));
  }
  process.stdout.write(tableOf(draft, task.contract.metric));
  const name = relative(repo, file);
  process.stdout.write(
    profile.noise === name
      ? `${name}\n`
      : `${name}: to use it, write noise: ${name} into the profile in TASK.md\n`,
  );
  return complete ? 0 : 1;
}

/** The file as it stands, where there is one: budgets that are not measured now are kept. */
function draftOf(path: string, profileName: string): NoiseDraft {
  const none: NoiseDraft = { version: 1, profile: profileName, about: ABOUT, budgets: {} };
  if (!existsSync(path)) return none;
  const draft = readNoise(path, NoiseDraft, 'mend it, or move it away');
  if (draft.profile !== profileName)
    throw new UserError(
      `${path}: holds the noise of profile "${draft.profile}"; name another file with --out`,
    );
  return { ...draft, about: ABOUT };
}

/** JSON with the values of a seed on one line. */
const inFile = ({ budgets, ...of }: NoiseDraft): string =>
  `${JSON.stringify({ ...of, budgets: inOrder(budgets) }, null, 2).replace(/\[[^[\]{}"]*\]/g, (list) => list.replace(/\s+/g, ' ').replace('[ ', '[').replace(' ]', ']'))}\n`;

const inOrder = (budgets: NoiseDraft['budgets']): NoiseDraft['budgets'] =>
  Object.fromEntries(BUDGETS.flatMap((name) => (budgets[name] ? [[name, budgets[name]]] : [])));

function tableOf({ budgets }: NoiseDraft, metric: string): string {
  const rows = BUDGETS.flatMap((name) => {
    const level: NoiseAt | undefined = budgets[name];
    const spread = level?.metrics[metric];
    if (!level || !spread) return [];
    return [
      [name, String(level.n), ...[spread.mean, spread.run, spread.difference].map((value) => show(value))],
    ];
  });
  return table([['budget', 'seeds', `mean ${metric}`, 'of a run', 'of a difference'], ...rows]);
}

await runMain(main);
