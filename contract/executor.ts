import { z } from 'zod';

const word = z.string().regex(/^[\w.,@+-]+$/, 'must be a name, or several with commas');

/**
 * What the loop itself tells `sbatch`, and what would undo that: an extra line that names one of these, or
 * the beginning of one, is refused.
 */
const OURS = [
  ...['account', 'array', 'batch', 'bell', 'chdir', 'clusters', 'cpus-per-task', 'error', 'export'],
  ...['export-file', 'get-user-env', 'gid', 'help', 'input', 'job-name', 'mem', 'no-requeue', 'nodes'],
  ...['ntasks', 'open-mode', 'output', 'parsable', 'partition', 'quiet', 'requeue', 'signal', 'test-only'],
  ...['time', 'uid', 'usage', 'version', 'wait', 'wrap'],
];
/** `sbatch` takes an option by its first letters too. */
const isOurs = (line: string): boolean => {
  const [name = ''] = line.slice(2).split('=');
  return OURS.some((own) => own.startsWith(name));
};

const GPUS = 'must be a number, or a type and a number ("a100:1")';
const MEMORY = 'must be a size with its unit, such as 16G';
const TIME = 'must be hours:minutes:seconds, with days before it where needed: 1-12:00:00';

const Resources = z.strictObject({
  cpus: z.number().int().positive().optional(),
  /** A number, or with a type: `a100:1`. */
  gpus: z
    .union([z.number().int().nonnegative(), z.string().regex(/^[\w.-]+:\d+$/, GPUS)], { error: GPUS })
    .optional(),
  memory: z
    .string({ error: MEMORY })
    .regex(/^\d+[KMGT]$/, MEMORY)
    .optional(),
  /** The limit of one job. A run that needs longer goes on in another job from what it has saved. */
  time: z
    .string({ error: TIME })
    .regex(/^(\d+-)?\d{1,3}:\d\d:\d\d$/, TIME)
    .optional(),
});

/** Where a run is a job of Slurm. */
const Slurm = z.strictObject({
  partition: word.optional(),
  account: word.optional(),
  resources: Resources.prefault({}),
  /** How many runs may be jobs at the same time; unset: as many as `devices` counts, else one. */
  jobs: z.number().int().positive().optional(),
  /**
   * The name or address by which nodes reach the loop's machine. Set: runs on secret worlds are jobs too, and
   * get their rows from there. Unset: they train on the loop's machine.
   */
  rowsFrom: z
    .string()
    .regex(/^[\w.:-]+$/, 'must be the name or the address by which nodes reach the machine of the loop')
    .optional(),
  /** More options of `sbatch`, one a line: `--constraint=a100`. */
  sbatch: z
    .array(
      z
        .string()
        .regex(/^--[a-z][a-z0-9-]*(=[^\n\r\0]*)?$/, 'must be one long option of sbatch, such as --qos=night')
        .refine((line) => !isOurs(line), 'is set by the loop itself, or by another field of executor.slurm'),
    )
    .default([]),
});
export type Slurm = z.infer<typeof Slurm>;

/** `local` and `slurm` stand for themselves with nothing set. */
function spelled(executor: unknown): unknown {
  if (executor === 'local') return {};
  if (executor === 'slurm') return { slurm: {} };
  const { slurm } = Object(executor) as { slurm?: unknown };
  return slurm === null ? { ...Object(executor), slurm: {} } : executor;
}

/** Where training runs happen: processes of this machine (`local`, the default), or jobs of Slurm. */
export const ExecutorChoice = z.preprocess(
  spelled,
  z.strictObject(
    { slurm: Slurm.optional() },
    {
      error: ({ code }) => (code === 'invalid_type' ? 'must be local, slurm or { slurm: {...} }' : undefined),
    },
  ),
);
