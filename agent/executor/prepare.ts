import { mkdirSync } from 'node:fs';
import { relative } from 'node:path';
import { writeJsonAtomic } from '#contract/atomic';
import { UserError } from '#contract/errors';
import { FIRST_RESEARCHER, type RunRecord, specOf } from '#contract/run';
import { profileOf } from '#contract/task';
import { machine } from '#host/machine';
import { removeLeft } from '#host/remove-left';
import { checkoutTree, keepTree } from '#host/tree';
import { inRun } from '../common/paths.ts';
import { readRunRecord } from '../ledger/run-folder.ts';
import type { ResumeRequest, RunHandle, RunRequest } from './executor.ts';
import { fingerprintsOf } from './fingerprint.ts';
import { batchOf, refuseNoWeights } from './launch.ts';
import { refuseFinished, resumePoint, savedBatch } from './resume.ts';
import { claimRunFolder, runRef } from './run-id.ts';

/** A run whose folder, record and tree are there, and that can be started. */
export interface Prepared {
  record: RunRecord;
  dir: string;
  treeDir: string;
  /** The batch to resume from; null for a run that begins. */
  from: number | null;
  /** Seconds and rows before it was resumed. */
  earlier: { seconds: number; rows: number };
}

type Begin = (run: Prepared) => Promise<RunHandle>;

/**
 * Prepares a new run and has it started.
 * @throws UserError for a request that cannot be started; then nothing is left behind.
 */
export async function beginRun(request: RunRequest, begin: Begin): Promise<RunHandle> {
  const { repo, task, profileName, samples, seed, tree } = request;
  const profile = profileOf(task, profileName);
  if (!Number.isSafeInteger(samples) || samples <= 0) {
    throw new UserError(`samples must be a whole number above 0, not ${samples}`);
  }
  if (!Number.isSafeInteger(seed) || seed < 0)
    throw new UserError(`seed must be a whole number from 0, not ${seed}`);
  const treeDir = await checkoutTree({ repo, tree });
  refuseNoWeights(request);
  // Data of a secret world are no run's but its own.
  const [own] = request.secretWorld ? [] : await fingerprintsOf(request, [request]);

  const { id, dir } = claimRunFolder(request);
  const record: RunRecord = {
    version: 2,
    id,
    ...specOf(request),
    researcherId: request.researcherId ?? FIRST_RESEARCHER,
    sprint: request.sprint,
    role: request.role,
    profile: profileName,
    ...(task.elsewhere && { task: relative(repo, task.path) }),
    profileSettings: profile.settings,
    batch: profile.batch,
    ...(own && { fingerprint: own.fingerprint }),
    ...(request.secretWorld && { secretWorld: request.secretWorld.hash }),
    ...(request.device != null && { device: request.device }),
    startedAt: new Date().toISOString(),
    endedAt: null,
    status: 'running',
    reason: null,
    seconds: null,
    rowsServed: null,
    machine: machine(),
    sandbox: request.sandbox.label,
  };
  try {
    await keepTree({ repo, tree, ref: runRef(id) });
    mkdirSync(inRun(dir).out, { recursive: true });
    writeJsonAtomic(inRun(dir).record, record);
    return await begin({ record, dir, treeDir, from: null, earlier: { seconds: 0, rows: 0 } });
  } catch (error) {
    removeLeft(dir);
    throw error;
  }
}

/**
 * Prepares a run that was ended or killed and has it started again, in its own folder.
 * @throws UserError where the run cannot be resumed; its record then stays as it was.
 */
export async function continueRun(request: ResumeRequest, begin: Begin): Promise<RunHandle> {
  const { repo, dir } = request;
  const before = readRunRecord(dir);
  refuseFinished(dir, before);
  if (before.secretWorld !== undefined)
    throw new UserError(`${dir}: was trained on a secret world, which is gone; train it again instead`);
  const from = request.orAnew ? savedBatch(dir) : resumePoint(dir, before);
  const treeDir = await checkoutTree({ repo, tree: before.tree });
  const { label } = request.sandbox;
  const sandbox = before.sandbox === label ? label : `${before.sandbox}, then ${label}`;
  const { endedBy: _, device: _before, ...same } = before;
  const seconds = from === null ? null : before.seconds;
  const fingerprint = await unchanged(request, before);
  const record: RunRecord = {
    ...{ ...same, fingerprint, status: 'running', reason: null },
    ...{ endedAt: null, seconds, sandbox },
    // What begins anew keeps nothing of the rows that were served before.
    ...(from === null && { rowsServed: null }),
    ...(request.device != null && { device: request.device }),
  };
  const earlier = { seconds: seconds ?? 0, rows: (from ?? 0) * batchOf(request.task, before) };
  try {
    if (from === null) emptyOut(dir);
    writeJsonAtomic(inRun(dir).record, record);
    return await begin({ record, dir, treeDir, from, earlier });
  } catch (error) {
    writeJsonAtomic(inRun(dir).record, before);
    throw error;
  }
}

/** The fingerprint of a run that goes on; none where its first part had another, as of another engine. */
async function unchanged(request: ResumeRequest, before: RunRecord): Promise<string | undefined> {
  const { fingerprint, profile: profileName, tree } = before;
  if (fingerprint === undefined) return undefined;
  const [now] = await fingerprintsOf({ ...request, profileName, tree }, [before]);
  return now?.fingerprint === fingerprint ? fingerprint : undefined;
}

/** Removes the outputs of a run that begins anew. */
export function emptyOut(dir: string): void {
  const { out, evals, verdict } = inRun(dir);
  for (const path of [out, evals, verdict]) removeLeft(path);
  mkdirSync(out);
}
