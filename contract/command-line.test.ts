import { expect, it } from 'vitest';
import { above0, parsed, program, several, whole } from './command-line.ts';
import { UserError } from './errors.ts';

const command = () =>
  program('do', 'Does it.')
    .option('--rows <n>', 'rows', whole(1, 9))
    .option('--hours <h>', 'hours', above0('a number of hours'))
    .option('--set <pair>', 'settings', several, []);
const run = (...args: string[]) => parsed(command(), ['node', 'do', ...args]);

it('gives what was asked for', () => {
  expect(run('--rows', '9', '--hours', '0.5', '--set', 'a=1', '--set', 'b=2')?.opts()).toEqual({
    rows: 9,
    hours: 0.5,
    set: ['a=1', 'b=2'],
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
])('refuses %j in one line', (args, why) => {
  expect(() => run(...args)).toThrow(UserError);
  expect(() => run(...args)).toThrow(why);
  expect(() => run(...args)).toThrow(/^(?!error: )[^\n]* \(--help shows the options\)$/);
});
