import { createHash } from 'node:crypto';
import { dirname } from 'node:path';
import { z } from 'zod';
import type { RunSpec } from '#contract/run';
import { profileOf, type Task } from '#contract/task';
import { Line } from '#contract/text';
import { collect, startChild } from '#host/child';
import { splitCommand } from '#host/command';
import { serviceEnv } from '#host/env';
import { lastWord } from '#host/last-word';
import { machine } from '#host/machine';
import { readsOf } from '#host/reads';
import type { Sandbox } from '#host/sandbox';
import { checkoutTree } from '#host/tree';
import { worldContent } from '../ledger/ledger.ts';

/** Where runs are trained from. */
interface From {
  task: Task;
  repo: string;
  sandbox: Sandbox;
  profileName: string;
  tree: string;
}

/** The digest of all that a run depends on besides samples and seed. */
export interface Fingerprint {
  fingerprint: string;
  /** Why it is that of the whole workspace; null where it is that of what the run loads. */
  unseen: string | null;
}

const Answers = z.array(z.union([z.object({ fingerprint: z.string() }), z.object({ unseen: Line })]));
type Answer = z.infer<typeof Answers>[number];

const SECONDS = 60;

/**
 * The fingerprints of runs of a tree: what the task's command tells of their code and settings, with the
 * world, the profile and what computes them. Where the task has no such command, or it cannot tell, a run
 * depends on the whole tree. The command is ours; code of the workspace runs for it in the sandbox alone.
 */
export async function fingerprintsOf(
  from: From,
  runs: readonly Pick<RunSpec, 'experiment' | 'settings'>[],
): Promise<Fingerprint[]> {
  const { task, profileName, tree } = from;
  const { world, batch, normalisation, settings } = profileOf(task, profileName);
  const { ENGINE_BACKEND: backend = 'auto', ENGINE_BLAS: blas = 'auto' } = process.env;
  // Encodes by prefiltering have other last bits than those by a library or AMX.
  const { ENGINE_ENCODE, ENGINE_PREFILTER } = process.env;
  const more = [ENGINE_ENCODE, ENGINE_PREFILTER].filter((value) => value !== undefined);
  const common = [
    ...[profileName, settings, world, worldContent(dirname(task.path), world), batch, normalisation],
    // What is asked for beyond the default alone, so that older fingerprints stay.
    ...[backend, blas, machine().gpu, ...more],
  ];
  const answers = await ask(from, runs);
  return runs.map((_, i) => {
    const answer = answers[i] ?? { unseen: 'its answer is too short' };
    const told = 'fingerprint' in answer;
    const code = told ? { fingerprint: answer.fingerprint } : { tree };
    const fingerprint = createHash('sha256')
      .update(JSON.stringify([code, ...common]))
      .digest('hex');
    return { fingerprint, unseen: told ? null : answer.unseen };
  });
}

async function ask(
  { task, repo, sandbox, profileName, tree }: From,
  runs: readonly Pick<RunSpec, 'experiment' | 'settings'>[],
): Promise<Answer[]> {
  const command = task.contract.fingerprint;
  const none = (why: string): Answer[] => runs.map(() => ({ unseen: why }));
  if (command === undefined) return none('the task has no command that tells what a run depends on');
  const treeDir = await checkoutTree({ repo, tree });
  const profileSettings = profileOf(task, profileName).settings;
  const asks = runs.map(({ experiment, settings }) => ({
    ...{ experiment, settings, profile: profileName },
    ...(profileSettings !== undefined && { profileSettings }),
  }));
  const { argv, env } = sandbox.wrap(['node'], { cwd: treeDir, readable: readsOf(task, repo, treeDir) });
  const variables = Object.entries(env).map(([name, value]) => `${name}=${value}`);
  const child = startChild({
    argv: [...splitCommand(command), '--tree-dir', treeDir],
    cwd: repo,
    env: serviceEnv({ LOOP_NODE: JSON.stringify(['env', '-i', ...variables, ...argv]) }),
    stdio: { stdin: 'pipe', stdout: 'pipe', stderr: 'pipe' },
    timeoutSeconds: SECONDS,
  });
  child.stdin?.end(JSON.stringify(asks));
  const [said = '', complaints = ''] = await Promise.all(
    [child.stdout, child.stderr].map((stream) => collect(stream as NonNullable<typeof stream>, child.done)),
  );
  const { code, timedOut } = await child.done;
  if (code !== 0)
    return none(
      timedOut ? `no answer in ${SECONDS} s` : (lastWord(complaints.split('\n')) ?? `exit code ${code}`),
    );
  try {
    return Answers.parse(JSON.parse(said.trim().split('\n').at(-1) ?? ''));
  } catch {
    return none(`"${command}" printed something else`);
  }
}
