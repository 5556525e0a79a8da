import { Command, CommanderError, InvalidArgumentError } from 'commander';
import { UserError } from './errors.ts';

/** A commander command whose usage errors become UserErrors: one line, exit code 2. */
export function program(name: string, description: string): Command {
  return new Command(name)
    .description(description)
    .allowExcessArguments(false)
    .exitOverride()
    .configureOutput({ outputError: () => {} });
}

/**
 * Parses the arguments; null when help was asked for and is printed.
 * @throws UserError, also for an option that npm took for itself
 */
export function parsed(command: Command, argv = process.argv, env = process.env): Command | null {
  const taken = takenByNpm(command, env);
  if (taken !== undefined) {
    const script = `npm run ${env.npm_lifecycle_event}`;
    throw new UserError(`npm took ${taken} for itself: options follow a --, as in ${script} -- ${taken}`);
  }
  try {
    return command.parse(argv);
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode === 0) return null;
    // A second line may suggest what was meant.
    const line = error.message.replace(/^error: /, '').replaceAll('\n', ' ');
    // A command that another one starts does not see what npm took.
    const many = error.code === 'commander.excessArguments';
    const how = many ? '; npm passes on only options that follow a --' : '';
    throw new UserError(`${line} (--help shows the options${how})`);
  }
}

/** Options of ours that npm has too: they may stand in its configuration. */
const OF_NPM = ['--json', '--yes', '--key'];

/**
 * The first option of a command that stands before the -- of `npm run`. npm keeps such options, of any name,
 * in its environment and does not pass them on, so `npm run loop --dry` would start a loop.
 */
function takenByNpm(command: Command, env: NodeJS.ProcessEnv): string | undefined {
  if (!env.npm_lifecycle_event) return undefined;
  const taken = command.options.find(({ long, negate }) => {
    if (!long || OF_NPM.includes(long)) return false;
    const name = long.replace(negate ? /^--no-/ : /^--/, '').replaceAll('-', '_');
    // npm takes --dry for its --dry-run. It writes false as an empty value.
    const value = env[`npm_config_${name}`] ?? (name === 'dry' ? env.npm_config_dry_run : undefined);
    return negate ? value === '' : value !== undefined && value !== '';
  });
  return taken?.long;
}

/** For options: a whole number from `least` to `most`. */
export function whole(least: number, most = Number.MAX_SAFE_INTEGER): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (value > most) throw new InvalidArgumentError(`It must be at most ${most}.`);
    if (text.trim() !== '' && Number.isSafeInteger(value) && value >= least) return value;
    throw new InvalidArgumentError(`It must be a whole number of at least ${least}.`);
  };
}

/** For options: a number above 0; `what` names it in the error message. */
export function above0(what: string): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (value > 0 && Number.isFinite(value)) return value;
    throw new InvalidArgumentError(`It must be ${what} above 0.`);
  };
}

/** For options that may be given more than once. */
export const several = (value: string, all: string[] = []): string[] => [...all, value];
