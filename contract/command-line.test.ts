import { expect, it } from 'vitest';
import { above0, parsed, program, several, whole } from './command-line.ts';
import { UserError } from './errors.ts';

const command = () =>
  program('do', 'Does it.')
    .option('--rows <n>', 'rows', whole(1, 9))
    .option('--hours <h>', 'hours', above0('a number of hours'))
    .option('--set <pair>', 'settings', several, [])
    .option('--dry', 'changes nothing')
    .option('--no-web', 'no search');
const run = (...args: string[]) => parsed(command(), ['node', 'do', ...args]);

it('gives what was asked for', () => {
  expect(run('--rows', '9', '--hours', '0.5', '--set', 'a=1', '--set', 'b=2')?.opts()).toEqual({
    rows: 9,
    hours: 0.5,
    set: ['a=1', 'b=2'],
    web: true,
  });
});

it.each([
  [['--rows', '0'], 'It must be a whole number of at least 1.'],
  [['--rows', ''], 'It must be a whole number of at least 1.'],
  [['--rows', '1.5'], 'It must be a whole number of at least 1.'],
  [['--rows', '10'], 'It must be at most 9.'],
  [['--hours', 'Infinity'], 'It must be a number of hours above 0.'],
  [['--row', '1'], 'Did you mean --rows?'],
  [['more'], 'too many arguments'],
  [['more'], 'npm passes on only options that follow a --'],
])('refuses %j in one line', (args, why) => {
  expect(() => run(...args)).toThrow(UserError);
  expect(() => run(...args)).toThrow(why);
  expect(() => run(...args)).toThrow(/^(?!error: )[^\n]* \(--help shows the options[^\n)]*\)$/);
});

it.each([
  ['--rows', { npm_config_rows: 'true' }],
  ['--dry', { npm_config_dry_run: 'true' }],
  ['--dry', { npm_config_dry: 'true' }],
  ['--no-web', { npm_config_web: '' }],
])('refuses %s where npm took it for itself', (option, env) => {
  const refusing = () => parsed(command(), ['node', 'do'], { npm_lifecycle_event: 'loop', ...env });
  expect(refusing).toThrow(
    new UserError(`npm took ${option} for itself: options follow a --, as in npm run loop -- ${option}`),
  );
});

it('leaves what npm was told of other things, and what was told outside of it', () => {
  const from = (env: NodeJS.ProcessEnv) => parsed(command(), ['node', 'do'], env)?.opts();
  const all = { set: [], web: true };
  expect(from({ npm_lifecycle_event: 'loop', npm_config_yes: 'true', npm_config_rows: '' })).toEqual(all);
  expect(from({ npm_config_dry: 'true' })).toEqual(all);
});
