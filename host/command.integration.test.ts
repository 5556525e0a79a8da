import { execFileSync } from 'node:child_process';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isProgram, joinCommand, splitCommand } from './command.ts';

describe('a command line of the contract', () => {
  it('is split into words', () => {
    expect(splitCommand('npm run --silent serve --')).toEqual(['npm', 'run', '--silent', 'serve', '--']);
    expect(splitCommand(`  a 'b c'  "d \\" e" f\\ g ''`)).toEqual(['a', 'b c', 'd " e', 'f g', '']);
    expect(splitCommand(`--set 'k=$x'`)).toEqual(['--set', 'k=$x']);
  });

  it.each(['a | b', 'a && b', 'a > f', 'a $HOME', 'a `b`', `a 'b`, 'a "b', 'a\\', '  '])(
    'refuses %j',
    (line) => {
      expect(() => splitCommand(line)).toThrow(/^command "/);
    },
  );

  it('agrees with a shell on quoted words', () => {
    const word = fc.string({ unit: fc.constantFrom(...'a/ü# \'"\\$|'), maxLength: 8 });
    fc.assert(
      fc.property(fc.array(word, { minLength: 1, maxLength: 4 }), (words) => {
        const line = joinCommand(words);
        const shell = execFileSync('sh', ['-c', `printf '%s\\0' ${line}`], { encoding: 'utf8' });
        expect(splitCommand(line)).toEqual(words);
        expect(shell.split('\0').slice(0, -1)).toEqual(words);
      }),
      { numRuns: 30 },
    );
  });
});

it('knows a program by its path or its name, and what is none', () => {
  expect([process.execPath, 'sh'].map((name) => isProgram(name))).toEqual([true, true]);
  for (const name of ['no-such-program', '/no/such', '/usr', 'package.json', './package.json', ''])
    expect(isProgram(name), name).toBe(false);
});
