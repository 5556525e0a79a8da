import { expect, it } from 'vitest';
import { refuseTerminalInput, refuseTerminalOutput } from './binary.ts';
import { UserError } from './errors.ts';

const only = (terminal: number) => (fd: number) => fd === terminal;

it('refuses binary output to a terminal in one line, and to nothing else', () => {
  const written = (terminal: number) => () =>
    refuseTerminalOutput('codes', 'send them to a file (> codes.bin)', only(terminal));
  expect(written(1)).toThrow(
    new UserError(
      'standard output is a terminal, and codes are binary: send them to a file (> codes.bin), or --to-terminal to write them here',
    ),
  );
  for (const other of [0, 2]) expect(written(other)).not.toThrow();
});

it('refuses a terminal where binary data are read, and nothing else', () => {
  const read = (terminal: number) => () => refuseTerminalInput('activations', 'pipe them in', only(terminal));
  expect(read(0)).toThrow(
    new UserError('standard input is a terminal, where activations are expected: pipe them in'),
  );
  for (const other of [1, 2]) expect(read(other)).not.toThrow();
});
