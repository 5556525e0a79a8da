// Which latents go wrong, and on what. Runs on the judge's side and prints no vector of the truth: the tool
// of a sprint. `npm run inspect` (inspect-by-hand.ts) shows people more.
//   node --import tsx bench/cli/inspect.ts checkpoints/2026-02-19--10-37-12-matryoshka-s0 --worst 20
//   node --import tsx bench/cli/inspect.ts checkpoints/... --latents 0,5,17
//   node --import tsx bench/cli/inspect.ts my-saelens-sae --profile small
import { parsed, program, whole } from '#contract/command-line';
import { violation } from '#contract/condition';
import { runMain, UserError } from '#contract/errors';
import { freshKey } from '../judge/drawn.ts';
import { openSubject, type Subject } from '../judge/subject.ts';
import type { Seed } from '../random.ts';
import { isRowsWorld } from '../worlds.ts';
import { groupsText, type InspectOptions, look, openInspected, withInspectOptions } from './inspected.ts';
import { latentLines } from './latent-lines.ts';
import { chosen, type PickOptions, withPickOptions, worstFirst } from './pick-latents.ts';
import { endOnSignals, print } from './program.ts';

type Options = InspectOptions & PickOptions & { worst: number };

await runMain(async () => {
  const command = parsed(
    withPickOptions(
      withInspectOptions(
        program(
          'inspect',
          'Prints the latents of a run, each with the feature whose direction is nearest, the worst latent first.',
        ),
      ),
    )
      .option('--worst <n>', 'number of latents to print', whole(1), 20)
      .addHelpText(
        'after',
        [
          '\nfeature: an opaque id. confused with: the feature that is most often active when the latent fires without its own feature; how it',
          'relates to that feature in the hierarchy, and the share of these false alarms in which it is active.',
          '\nExamples:\n  node --import tsx bench/cli/inspect.ts checkpoints/2026-02-19--10-37-12-matryoshka-s0 --worst 50',
          '  node --import tsx bench/cli/inspect.ts my-saelens-sae --profile small --latents 0,5,17',
        ].join('\n'),
      ),
  );
  if (!command) return 0;
  endOnSignals();
  const options = command.opts<Options>();
  const [path] = command.args;
  const judging = { ...options, seed: options.evalSeed ?? freshKey() };
  const subject = openSubject(path, judging);
  if (isRowsWorld(subject.world)) {
    await printRows(subject, judging);
    return 0;
  }
  const opened = await openInspected(subject, judging);
  const samples = options.samples ?? opened.profile.evaluation.snapshot;
  const { rows } = await look(opened, samples);
  // More rows than a run may have would be probes of the truth.
  refuseWidth(subject, rows.length);
  const shown = chosen(rows, options) ?? worstFirst(rows, options).slice(0, options.worst);
  print(
    [
      `${opened.name}: ${shown.length} of ${rows.length} latents, ${samples} fresh samples`,
      '',
      ...latentLines(shown),
      '',
      groupsText(rows),
    ].join('\n'),
  );
  return 0;
});

/** @throws UserError for a run of another width than its profile's constraint allows */
function refuseWidth({ name, folder, profile }: Subject, latents: number): void {
  const { width } = profile.constraints;
  const why = folder !== null && width !== undefined ? violation(width, latents, []) : null;
  if (why !== null) throw new UserError(`${name}: is not shown: its width is ${why}`);
}

/** In a world of rows: the labels that latents detect, and their strongest tokens. */
async function printRows(subject: Subject, options: Options & { seed: Seed }): Promise<void> {
  // Loaded here alone: the Arrow library takes a while.
  const { chosenRows, lookAtRows, worstRowsFirst } = await import('./inspected-rows.ts');
  const { title, summary, rows, lines } = await lookAtRows(subject, options);
  refuseWidth(subject, rows.length);
  const shown = chosenRows(rows, options) ?? worstRowsFirst(rows, options).slice(0, options.worst);
  print(`${[`${title}, ${shown.length} shown`, ...summary, '', ...lines(shown)].join('\n')}\n`);
}
