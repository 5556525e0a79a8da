import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { writeFileAtomic } from '#contract/atomic';
import type { Pair } from '#contract/combining';
import type { HintAnswer } from '#contract/sprint';
import { newName } from '#host/names';
import type { Sandbox } from '#host/sandbox';
import { snapshotTree } from '#host/tree';
import type { Stopper } from '../budget/stop.ts';
import { committed, inSprint, sprintsDir, stateDir } from '../common/paths.ts';
import { Queue } from '../common/queue.ts';
import type { Timer } from '../common/timer.ts';
import type { Config } from '../config/config.ts';
import { loggedLimits } from '../config/limits.ts';
import type { SecretStore } from '../confirm/store.ts';
import type { DevicePool } from '../devices/pool.ts';
import type { Executor } from '../executor/executor.ts';
import type { Checkout } from '../git/run-branch.ts';
import type { Journal } from '../journal/journal.ts';
import type { SprintState } from '../journal/state.ts';
import { readHints } from '../ledger/hint-file.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { noSprintOpen, ToolMistake } from '../requests/paths.ts';
import type { FinishSprintInput, StartSprintInput } from '../requests/schemas.ts';
import type { Connection } from '../researcher/connection.ts';
import { Runs } from '../runs/runs.ts';
import { closedRecord } from './own-folder.ts';
import { Transcript, transcriptPath } from './transcript.ts';

/** The parts of the loop that this file uses. */
export interface LoopParts {
  config: Config;
  connection: Connection;
  sandbox: Sandbox;
  checkout: Checkout;
  executor: Executor;
  journal: Journal;
  ledger: Ledger;
  devices: DevicePool;
  ownDevices: DevicePool;
  timer: Timer;
  /** The secret worlds of the run branch, where the task has them. */
  secrets: SecretStore | null;
  stopper: Stopper;
}

/** What the loop itself makes in a sprint, without a researcher; both null where one is asked. */
export interface Own {
  /** The run that is trained to the full budget (full-run.ts). */
  fullRunOf: string | null;
  /** The two gains that are put together (combine.ts). */
  combines: Pair | null;
}
const NOTHING: Own = { fullRunOf: null, combines: null };

/** Whether the loop itself makes a sprint. */
export const isOwn = ({ fullRunOf, combines }: Own): boolean => fullRunOf !== null || combines !== null;

/** A sprint that is open: what its tools work on. */
export class OpenSprint {
  /** Runs commands, edits and snapshots one after the other. */
  readonly queue = new Queue();
  claim: { id: string; dir: string } | null = null;
  runs: Runs | null = null;
  finish: FinishSprintInput | null = null;
  /** Calls of inspect that have shown something, or are about to. */
  inspections = 0;
  /** Open sprints of others that the researcher was told of because its idea is like theirs. */
  readonly toldAlike = new Set<string>();
  /**
   * The loop stops while something of this sprint was under way: the sprint stays open for the next start.
   */
  parked = false;
  /** Why it has no candidate with the two gains that it is to combine; `ask`: a researcher is asked to. */
  notCombined: { why: string; ask: boolean } | null = null;

  constructor(
    readonly loop: LoopParts,
    readonly number: number,
    readonly treeBefore: string,
    readonly transcript: Transcript,
    readonly own: Own = NOTHING,
  ) {}

  /** Folders that the researcher may write, relative to the repository. */
  get writable(): string[] {
    const { workspace } = this.loop.config.task.contract;
    return this.claim ? [workspace, committed.sprint(this.claim.id)] : [workspace];
  }

  /** The runs of a claimed sprint. @throws ToolMistake before start_sprint. */
  get claimedRuns(): Runs {
    if (!this.runs) throw noSprintOpen();
    return this.runs;
  }

  /** Claims the sprint: makes its folder with its README. @throws ToolMistake on a second call. */
  start(input: StartSprintInput, hintAnswers: HintAnswer[] = [], now = new Date()): string {
    if (this.claim)
      throw new ToolMistake(
        `this sprint is already started, as ${this.claim.id}, and a sprint tests one idea: continue it, or end it with finish_sprint; keep another idea for the next sprint`,
      );
    const { loop, number, own } = this;
    const by = isOwn(own) ? 'the loop itself' : loop.connection.label;
    const id = makeFolder(loop.config.repo, `${stamp(now)}-${input.slug}`);
    const dir = join(sprintsDir(loop.config.repo), id);
    writeFileAtomic(
      inSprint(dir).log,
      readme(
        input,
        `Sprint ${number}, opened ${minute(now)} UTC, profile ${loop.config.profileName}, by ${by}.`,
      ),
    );
    this.claim = { id, dir };
    this.runs = new Runs(loop, id);
    const { title, idea, predicted } = input;
    const answers = hintAnswers.length > 0 ? { hintAnswers } : {};
    loop.journal.emit({ type: 'sprint.claimed', sprint: id, number, title, idea, predicted, ...answers });
    return id;
  }
}

/**
 * Opens the next sprint: fixes its number and the tree that it begins with. Writes only the event. `own`:
 * what the loop itself makes; `handed`: the sprint whose gains the researcher is asked to combine.
 */
export async function openSprint(
  loop: LoopParts,
  own: Partial<Own> = {},
  handed: string | null = null,
): Promise<OpenSprint> {
  const {
    config: { repo, task, leaderboard },
  } = loop;
  const treeBefore = await snapshotTree({ repo, folder: task.contract.workspace });
  const known = [...loop.ledger.sprints, ...Object.values(loop.journal.state().sprints)];
  const number = 1 + Math.max(0, ...known.map((s) => s.number));
  // Where the loop itself makes the sprint, nobody reads them.
  const made = { ...NOTHING, ...own };
  const hints = (!isOwn(made) && readHints(repo)) || undefined;
  const { at } = loop.journal.emit({
    type: 'sprint.opened',
    number,
    treeBefore,
    leaderboard,
    researcher: loop.connection.label,
    limits: loggedLimits(loop.config.limits),
    hints,
    fullRunOf: made.fullRunOf ?? undefined,
    combines: made.combines ?? undefined,
    handed: handed ?? undefined,
  });
  return new OpenSprint(loop, number, treeBefore, transcriptOf(loop, number, at), made);
}

/**
 * The sprint that the events show as open, as a loop that was cut off left it. Null if it was never claimed,
 * or is closed.
 */
function leftSprint(loop: LoopParts, state: SprintState): OpenSprint | null {
  const { claim, number, treeBefore, openedAt, runs, fullRunOf, combines } = state;
  const dir = claim && join(sprintsDir(loop.config.repo), claim.id);
  if (!dir || state.closed || !existsSync(dir) || closedRecord(loop.config.repo, claim.id)) return null;
  const transcript = transcriptOf(loop, number, openedAt);
  const sprint = new OpenSprint(loop, number, treeBefore, transcript, { fullRunOf, combines });
  sprint.claim = { id: claim.id, dir };
  sprint.runs = new Runs(loop, claim.id, runs);
  sprint.finish = sprint.transcript.finish;
  sprint.inspections = state.inspections;
  return sprint;
}

/**
 * The open sprint, to be resumed: its conversation up to the last whole turn, and its runs. Null where it
 * cannot be resumed.
 */
export function reopenSprint(loop: LoopParts, state: SprintState): OpenSprint | null {
  const sprint = leftSprint(loop, state);
  if (!sprint || state.resumed > MAX_RESUMES) return null;
  if (sprint.transcript.messages.length === 0 && !isOwn(sprint.own)) return null;
  if (!sprint.finish) {
    sprint.transcript.repair();
    sprint.runs?.goOn();
  }
  return sprint;
}

/** The open sprint, to be judged as it stands. Null where judging it brought the loop down before. */
export const sprintToJudge = (loop: LoopParts, state: SprintState): OpenSprint | null =>
  state.resumed > MAX_RESUMES + 1 ? null : leftSprint(loop, state);

/** A sprint that was resumed more often is closed: it may be what brings the loop down. */
const MAX_RESUMES = 3;

const transcriptOf = (loop: LoopParts, number: number, openedAt: string) =>
  new Transcript(transcriptPath(stateDir(loop.config.repo), number, openedAt));

/** In UTC, like 2026-02-19--10-37. */
const stamp = (date: Date) => date.toISOString().slice(0, 16).replace('T', '--').replace(':', '-');

/** Makes the folder of a sprint. Its name is unique in this checkout, over all run branches. */
function makeFolder(repo: string, name: string): string {
  mkdirSync(sprintsDir(repo), { recursive: true });
  for (;;) {
    const id = newName(repo, 'sprints', name);
    try {
      mkdirSync(join(sprintsDir(repo), id));
      return id;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
  }
}

const minute = (date: Date) => date.toISOString().slice(0, 16).replace('T', ' ');

function readme(input: StartSprintInput, opened: string): string {
  const predicted = Object.entries(input.predicted).map(([name, value]) => `${name} ${value}`);
  return `# ${input.title.replace(/\s+/g, ' ')}

${opened}

## Idea

${input.idea.trim()}

## Motivation

${input.motivation.trim()}

## Expectation

${input.expectation.trim()}

Predicted: ${predicted.join(', ') || 'no number'}.

## Log
`;
}
