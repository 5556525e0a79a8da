import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { UserError } from '#contract/errors';
import { sandboxFromEnv, tryBubblewrap } from './bubblewrap.ts';
import { git } from './git.ts';
import { seesProcesses } from './processes.ts';
import { noSandbox, type Sandbox } from './sandbox.ts';
import { readUntrusted } from './untrusted.ts';
import { worktreeOf } from './worktree.ts';

export type SandboxChoice = 'auto' | 'off';

/**
 * The sandbox for code of the workspace that is run by hand: as `sandboxAlone` chooses it, with a warning
 * where some processes of a run cannot be reached.
 * @throws UserError as `sandboxAlone` does
 */
export async function sandboxByHand(
  repo: string,
  asked: SandboxChoice,
  warn: (line: string) => void = onStderr,
): Promise<Sandbox> {
  const sandbox = await sandboxAlone(repo, asked, warn);
  const unreached = unreachedIn(sandbox);
  // A caller that set LOOP_SANDBOX has given this warning already.
  if (unreached !== null && process.env.LOOP_SANDBOX === undefined) warn(`warning: ${unreached}`);
  return sandbox;
}

/**
 * One line that says which processes of a run cannot be reached; null where all can. Bubblewrap ends every
 * process in it.
 */
export function unreachedIn({ kind }: Pick<Sandbox, 'kind'>): string | null {
  return seesProcesses() || kind === 'bubblewrap'
    ? null
    : 'there is no /proc here: processes that a run detaches are not ended with the run, and the memory limit does not count them';
}

/**
 * The sandbox where Claude is not at work: by hand and in the offline replay. The caller's choice in
 * LOOP_SANDBOX comes first, then `asked`, then bubblewrap where it works; else there is none, with one line
 * of warning.
 * @throws UserError where bubblewrap does not work and Claude has worked on this branch or on the branch of
 * the loop's worktree.
 */
export async function sandboxAlone(
  repo: string,
  asked: SandboxChoice,
  warn: (line: string) => void = onStderr,
): Promise<Sandbox> {
  if (process.env.LOOP_SANDBOX !== undefined) return sandboxFromEnv(repo);
  if (asked === 'off') return noSandbox('--sandbox off');
  const tried = await tryBubblewrap(repo);
  if (tried.ok) return tried.sandbox;
  const where = await worksOfClaude(repo);
  if (where !== null) {
    throw new UserError(
      `Claude has worked on ${where}, so the code is not run without a sandbox: ${tried.why}; ${tried.install}, or accept the risk with --sandbox off`,
    );
  }
  warn(`warning: no sandbox: ${tried.why}; ${tried.install}`);
  return noSandbox(tried.why);
}

/** Where Claude has worked: on this branch or on that of the loop's worktree; null where on neither. */
export async function worksOfClaude(repo: string): Promise<string | null> {
  const [here, loops] = [await byClaude(repo), await byClaude(worktreeOf(repo))];
  if (here !== null) return `this branch (${here})`;
  return loops === null ? null : `the loop's branch (${loops})`;
}

/**
 * A trace of Claude's work on this branch, for a message: its last sprint commit, or a sprint's folder where
 * the history is cut off; null without either.
 */
async function byClaude(repo: string): Promise<string | null> {
  if (!existsSync(repo)) return null;
  const grep = ['-1', '--format=%h', '--grep=^Researcher: claude'];
  const commit = await git(repo, ['log', ...grep]).catch(() => '');
  return commit === '' ? sprintOfClaude(repo) : `commit ${commit}`;
}

/** Looks in `sprints/`: a shallow clone and an archive have the records of sprints but not their commits. */
function sprintOfClaude(repo: string): string | null {
  const sprints = join(repo, 'sprints');
  const ids = existsSync(sprints) ? readdirSync(sprints) : [];
  const found = ids.find((id) => {
    const record = readUntrusted(join(sprints, id, 'sprint.json'), 1 << 24);
    return /"researcher":\s*\{\s*"kind":\s*"claude"/.test(record ?? '');
  });
  return found === undefined ? null : `sprints/${found}`;
}

const told = new Set<string>();
/** Warns once, though a command may ask for a sandbox more than once. */
function onStderr(line: string): void {
  if (!told.has(line)) process.stderr.write(`${line}\n`);
  told.add(line);
}
