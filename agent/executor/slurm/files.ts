import { lstatSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { writeJsonAtomic } from '#contract/atomic';
import { RunRecord } from '#contract/run';
import { TaskContract } from '#contract/task-contract';
import { readUntrusted } from '#host/untrusted';
import { inJob, inRun } from '../../common/paths.ts';

// What a supervisor and a job tell each other, by files in the run's folder: Slurm forgets a job minutes
// after its end. No file holds anything secret, since they lie on a file system that others may read.

/** Where a job gets the rows of a secret world, and the public half of the key of who gives them. */
const Rows = z.object({ host: z.string(), port: z.number().int(), key: z.string() });
export type Rows = z.infer<typeof Rows>;

/** What a job has to do; written before it is submitted. */
const Asked = z.object({
  /** The name of the job, which no other has. */
  name: z.string(),
  repo: z.string(),
  taskPath: z.string(),
  contract: TaskContract,
  record: RunRecord,
  treeDir: z.string(),
  from: z.number().nullable(),
  earlier: z.object({ seconds: z.number(), rows: z.number() }),
  /** Null: in bubblewrap. Else why there is no sandbox, for the reports. */
  noSandbox: z.string().nullable(),
  threads: z.number().optional(),
  /** Set for a run on a secret world. */
  rows: Rows.optional(),
  /** Seconds of training, from the moment when the run starts. */
  timeoutSeconds: z.number().optional(),
  /** When it has to end, however long it waited. */
  until: z.string().optional(),
  /** How many jobs before it have ended and saved nothing new. */
  inVain: z.number().optional(),
});
export type Asked = z.infer<typeof Asked>;

/** The job of a run that has not ended. `id`: null until Slurm has answered. */
const Job = z.object({
  name: z.string(),
  id: z.string().nullable(),
  /** Of a run on a secret world: the folder of its job among those that nodes share. */
  shared: z.string().optional(),
});
export type Job = z.infer<typeof Job>;

/** Written by the job when it starts on a node, and from time to time after that. */
const Began = z.object({
  name: z.string(),
  id: z.string(),
  /** How often it was started before. */
  restart: z.number(),
  node: z.string(),
  at: z.string(),
  /** Seconds for which it has trained, with those before. */
  seconds: z.number(),
});
export type Began = z.infer<typeof Began>;

/** Written by the job of a run on a secret world: the public half of its key. */
const Hello = z.object({ name: z.string(), key: z.string() });
type Hello = z.infer<typeof Hello>;

/** Written by the job as its last act, once for each time that Slurm starts it. */
const Ended = z.object({
  name: z.string(),
  node: z.string(),
  /** Why nothing was run: the node has no sandbox that works. */
  noSandbox: z.object({ why: z.string(), install: z.string() }).optional(),
  /** Set where Slurm asked it to end: at the time limit of the job, or by another signal. */
  cut: z.enum(['time-limit', 'signal']).optional(),
  record: RunRecord.optional(),
  refusal: z.string().nullable().default(null),
  /** The sizes of what the trainer left, for a reader who sees them late. */
  left: z.record(z.string(), z.number()).default({}),
});
export type Ended = z.infer<typeof Ended>;

const MAX_BYTES = 4 << 20;

function read<T>(schema: z.ZodType<T>, path: string): T | null {
  try {
    return schema.safeParse(JSON.parse(readUntrusted(path, MAX_BYTES) ?? '')).data ?? null;
  } catch {
    return null;
  }
}

export const readAsked = (dir: string) => read(Asked, inJob(dir).asked);
export const writeAsked = (dir: string, asked: Asked) => writeJsonAtomic(inJob(dir).asked, asked);
export const readJob = (dir: string) => read(Job, inJob(dir).job);
export const writeJob = (dir: string, job: Job) => writeJsonAtomic(inJob(dir).job, job);
export const dropJob = (dir: string) => rmSync(inJob(dir).job, { force: true });
export const writeBegan = (dir: string, began: Began) => writeJsonAtomic(inJob(dir).began, began);
export const readHello = (dir: string) => read(Hello, inJob(dir).hello);
export const writeHello = (dir: string, hello: Hello) => writeJsonAtomic(inJob(dir).hello, hello);
export const writeEnded = (dir: string, ended: Ended) => writeJsonAtomic(inJob(dir).ended, ended);
export const dropEnded = (dir: string) => rmSync(inJob(dir).ended, { force: true });

/** What the job of this name has said of its start. A run may have had other jobs before. */
export function readBegan(dir: string, name: string): Began | null {
  const began = read(Began, inJob(dir).began);
  return began?.name === name ? began : null;
}

export function readEnded(dir: string, name: string): Ended | null {
  const ended = read(Ended, inJob(dir).ended);
  return ended?.name === name ? ended : null;
}

/** Whether all that the trainer left can be seen here in its full size. */
export function seesAll(dir: string, { left }: Ended): boolean {
  const { out } = inRun(dir);
  return Object.entries(left).every(
    ([name, size]) => lstatSync(join(out, name), { throwIfNoEntry: false })?.size === size,
  );
}
