import { type Command, Option } from 'commander';
import { ABOUT_BLAS, blasChoices } from '#contract/blas';
import { backendsHere } from './backend-needs.ts';

/**
 * Adds `--backend` and `--blas`, which choose what runs the tensors of all that a command starts. Trainers
 * and encoders read both from the environment (env.ts lets the variables through), so the options set
 * variables.
 */
export function withEngineOptions(command: Command): Command {
  const blas = new Option('--blas <how>', ABOUT_BLAS);
  return command
    .option(
      '--backend <name>',
      `tensor backend: auto, or one of ${backendsHere().join(', ')} (docs/backends.md)`,
    )
    .addOption(blas.choices(blasChoices))
    .on('option:backend', (name: string) => {
      process.env.ENGINE_BACKEND = name;
    })
    .on('option:blas', (how: string) => {
      process.env.ENGINE_BLAS = how;
    });
}
