import { UserError } from '#contract/errors';
import type { Task } from '#contract/task';
import { collect, startChild } from '#host/child';
import { splitCommand } from '#host/command';
import { serviceEnv } from '#host/env';
import { lastWord } from '#host/last-word';
import type { SecretWorld } from './executor.ts';

/** What a secret world is drawn from, and where it is written to. */
interface Draw {
  task: Task;
  repo: string;
  profileName: string;
  /** At least 128 bits that nobody has seen. */
  key: Uint8Array;
  /** Which world of this key; unset: the first. */
  draw?: number;
  /** A folder that no sandbox shows. */
  folder: string;
}

/**
 * Has the task draw a secret world of a profile's kind. The key reaches the command through a pipe alone.
 * @throws UserError where the task has no secret worlds, or the command fails
 */
export async function drawSecretWorld({
  task,
  repo,
  profileName,
  key,
  draw = 0,
  folder,
}: Draw): Promise<SecretWorld> {
  const command = task.contract.drawWorld;
  if (command === undefined)
    throw new UserError(`${task.path}: has no drawWorld, so it has no secret worlds`);
  const child = startChild({
    argv: [...splitCommand(command), '--profile', profileName, '--out', folder, '--draw', String(draw)],
    cwd: repo,
    env: serviceEnv(),
    stdio: { stdin: 'pipe', stdout: 'pipe', stderr: 'pipe' },
  });
  child.stdin?.end(Buffer.from(key).toString('hex'));
  const [said = '', complaints = ''] = await Promise.all(
    [child.stdout, child.stderr].map((stream) => collect(stream as NonNullable<typeof stream>, child.done)),
  );
  const { code } = await child.done;
  const hash = code === 0 ? hashIn(said.trim().split('\n').at(-1) ?? '') : null;
  if (hash !== null) return { folder, hash };
  const word = lastWord(complaints.split('\n')) ?? (code === 0 ? 'it printed no hash' : `exit code ${code}`);
  throw new UserError(`drawWorld of ${task.path} failed: ${word}`, 1);
}

function hashIn(line: string): string | null {
  try {
    const { hash } = JSON.parse(line) as { hash?: unknown };
    return typeof hash === 'string' ? hash : null;
  } catch {
    return null;
  }
}
