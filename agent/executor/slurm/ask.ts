import { tmpdir } from 'node:os';
import { UserError } from '#contract/errors';
import { capture } from '#host/capture';
import { serviceEnv } from '#host/env';
import { unmarked } from '#host/marks';

/** Longer than Slurm's commands themselves wait for a controller that is away. */
const ANSWER_SECONDS = 30;

/**
 * The environment of Slurm's commands and, by `--export=ALL`, of a job: what our services may see, and
 * nothing else. With a list, `NONE` or `NIL`, Slurm adds what the user's login files set, where keys may
 * stand.
 */
function jobEnv(): Record<string, string> {
  const { TMPDIR: _, HF_ENDPOINT: __, ...shared } = serviceEnv();
  return { ...shared, ...(process.env.SLURM_CONF && { SLURM_CONF: process.env.SLURM_CONF }) };
}

const run = (argv: readonly string[]) =>
  capture({ argv: unmarked(argv), cwd: tmpdir(), env: jobEnv(), timeoutSeconds: ANSWER_SECONDS });

/** An answer; or `silent`, where Slurm could not be asked and may answer later; or a refusal. */
export type Answer = { stdout: string } | { silent: string } | { refused: string };

/**
 * Asks Slurm by one of its commands, without a shell. They fail with the same code whether Slurm refuses or
 * is away, so a controller that answers now tells which.
 * @throws UserError where there is no such command.
 */
export async function askSlurm(argv: readonly string[]): Promise<Answer> {
  const { exit, stdout, complaint } = await run(argv);
  if (exit.code === 0) return { stdout };
  if (exit.code === 127) throw new UserError(missing(argv[0]));
  const said =
    complaint?.replace(/^\w+: (error: )?/, '') ?? `${argv[0]} failed (${exit.code ?? exit.signal})`;
  return !exit.timedOut && (await controllerAnswers()) ? { refused: said } : { silent: said };
}

const missing = (command = '') =>
  `cannot start ${command}: install Slurm's commands, or set executor: local in TASK.md`;

/**
 * Refuses to begin where no controller answers, since the first run would wait for it. A loop that goes on
 * waits: its jobs run without one.
 * @throws UserError, one line
 */
export async function refuseAbsentSlurm(): Promise<void> {
  const { exit, complaint } = await run(['scontrol', 'ping']);
  if (exit.code === 0) return;
  if (exit.code === 127) throw new UserError(missing('scontrol'));
  const said = complaint === null ? '' : `: ${complaint}`;
  throw new UserError(
    `no controller of Slurm answers (scontrol ping${said}); start slurmctld, or set executor: local in TASK.md`,
  );
}

/** The exit code of `scontrol ping` is 0 where a controller is up. */
const controllerAnswers = async (): Promise<boolean> => (await run(['scontrol', 'ping'])).exit.code === 0;
