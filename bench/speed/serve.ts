import { spawn } from 'node:child_process';
import { closeSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { makePipe } from '#host/pipe';
import { openStream } from '../stream/reader.ts';
import { type Line, ROWS, timed } from './timing.ts';

/**
 * What a trainer gets: rows of the data service, as it starts by itself and on all threads, and of a pipe whose writer does
 * nothing else.
 */
export function benchServe(world: string, d: number, seconds: number): Line[] {
  const serve = ['../cli/serve.ts', '--world', world];
  const threads = availableParallelism();
  return [
    through('serve', serve, d, seconds),
    { ...through('serve, all threads', [...serve, '--threads', String(threads)], d, seconds), threads },
    through('pipe alone', ['../stream/testing/pour.ts', String(d), String(ROWS)], d, seconds),
  ];
}

/** Rows a second that a reader gets from a program that writes a stream. */
function through(name: string, [program, ...args]: string[], d: number, seconds: number): Line {
  const pipe = makePipe();
  const path = fileURLToPath(new URL(program, import.meta.url));
  const writer = spawn(process.execPath, ['--import', 'tsx', path, ...args], {
    stdio: ['ignore', pipe.writeFd, 'ignore'],
  });
  closeSync(pipe.writeFd);
  const reader = openStream(pipe.readFd);
  const next = (): void => {
    if (!reader.next()) throw new Error(`${program} ended`);
  };
  const read = timed(seconds, ROWS, next);
  reader.close();
  writer.kill();
  return { name, ...read, gigabytesPerSecond: (read.samplesPerSecond * d * 4) / 1e9 };
}
