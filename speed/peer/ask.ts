import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { z } from 'zod';
import { lastWord } from '#host/last-word';
import { pythonEnv } from '#host/saelens';

/** What SAELens runs on here. */
const PeerInfo = z.object({
  saelens: z.string(),
  torch: z.string(),
  threads: z.number().int(),
  devices: z.array(z.enum(['cpu', 'cuda'])),
  gpu: z.string().nullable(),
});
export type PeerInfo = z.infer<typeof PeerInfo>;
export type Device = PeerInfo['devices'][number];

/** One measurement of SAELens, as time.py takes it. */
export type PeerCase = { device: Device; bf16: boolean; batch: number } & (
  | { what: 'sampler' }
  | { what: 'step'; architecture: string; settings: Readonly<Record<string, unknown>>; data: boolean }
);
const Answer = z.object({ ms: z.array(z.number().positive()).min(1) });

/** SAELens in a process of its own, which sleeps while others are measured. */
export interface Peer {
  info: PeerInfo;
  /** Milliseconds of each round, for so many seconds. @throws Error with its own error line where it fails */
  time(asked: PeerCase, seconds: number): Promise<number[]>;
  stop(): void;
}

/** Starts SAELens on a world, a folder in its own format. @throws Error with its own error line */
export async function startPeer(python: string, world: string): Promise<Peer> {
  const child = spawn(python, [join(import.meta.dirname, 'time.py'), world], {
    stdio: ['pipe', 'pipe', 'pipe'],
    env: pythonEnv({ PYTHONDONTWRITEBYTECODE: '1' }),
  });
  const said: string[] = [];
  createInterface(child.stderr).on('line', (line) => said.push(line));
  child.on('error', (error) => said.push(error.message));
  child.stdin.on('error', () => {}); // It may have ended; the missing answer says so.
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
  const next = async (): Promise<unknown> => {
    const { value, done } = await lines.next();
    if (done) throw new Error(`SAELens: ${lastWord(said) ?? 'it ended without an answer'}`);
    return JSON.parse(value);
  };
  const info = PeerInfo.parse(await next());
  return {
    info,
    async time(asked, seconds) {
      child.stdin.write(`${JSON.stringify({ ...asked, seconds })}\n`);
      return Answer.parse(await next()).ms;
    },
    stop: () => child.stdin.end(),
  };
}
