// Which latents go wrong, and on what. Runs on the judge's side and prints no vector of the truth: the tool
// of a sprint. `npm run inspect` (inspect-by-hand.ts) shows people more.
//   node --import tsx bench/cli/inspect.ts checkpoints/2026-02-19--10-37-12-matryoshka-s0 --worst 20
//   node --import tsx bench/cli/inspect.ts checkpoints/... --latents 0,5,17
//   node --import tsx bench/cli/inspect.ts my-saelens-sae --profile small
import { parsed, program, whole } from '#contract/command-line';
import { violation } from '#contract/condition';
import { runMain, UserError } from '#contract/errors';
import { freshKey } from '../judge/drawn.ts';
import { openSubject } from '../judge/subject.ts';
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
  const opened = await openInspected(openSubject(path, judging), judging);
  const samples = options.samples ?? opened.profile.evaluation.snapshot;
  const { rows } = await look(opened, samples);
  const { width } = opened.profile.constraints;
  const isRun = opened.folder !== null;
  // More rows than a run may have would be probes of the truth.
  const why = isRun && width !== undefined ? violation(width, rows.length, []) : null;
  if (why !== null) throw new UserError(`${opened.name}: is not shown: its width is ${why}`);
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
