import { z } from 'zod';
import { Pair } from './combining.ts';
import { Confirmed } from './confirmed.ts';
import { asNow } from './earlier.ts';
import { Note } from './note.ts';
import { Progress, Run, RunSpec } from './run.ts';
import { HintAnswer, WaitingRun } from './sprint.ts';
import { StopCode } from './stop.ts';
import { Outcome, Verdict } from './verdict.ts';

const usage = z.object({
  inputTokens: z.number(),
  cachedInputTokens: z.number(),
  outputTokens: z.number(),
  usd: z.number(),
});

/** Money and tokens. */
const amount = z.object({ usd: z.number(), tokens: z.number() });

/** The limits at which a loop ends, for display. */
const limits = z.object({
  usd: z.number().nullable(),
  tokens: z.number().nullable(),
  sprints: z.number().nullable(),
  trainHours: z.number().nullable(),
  until: z.string(),
});

/**
 * Notices that a program may look for. `feature-refused`: the API refused a part of a call, which is left out
 * from then on. `thinking-dropped`: the API dropped thinking blocks. `fault`: the loop itself failed.
 */
export const NoticeCode = z.enum(['feature-refused', 'thinking-dropped', 'fault']);
export type NoticeCode = z.infer<typeof NoticeCode>;

const kinds = [
  z.object({
    type: z.literal('loop.started'),
    branch: z.string(),
    profile: z.string(),
    leaderboard: z.string(),
    researcher: z.string(),
    sandbox: z.string(),
    pid: z.number(),
    /** Start time of the process in clock ticks since boot (/proc/<pid>/stat): tells a reused pid. */
    processStart: z.string().nullable(),
    resumed: z.boolean(),
    /** How many researchers work side by side; absent: one. */
    researchers: z.number().optional(),
    limits: limits.optional(),
    /** The numbers of a verdict that nobody observes, as the judge names them: learning_rate. */
    declared: z.array(z.string()).optional(),
  }),
  z.object({
    type: z.literal('sprint.opened'),
    number: z.number(),
    treeBefore: z.string(),
    /** TASK.md may have been edited since the loop was started: these hold from this sprint on. */
    leaderboard: z.string().optional(),
    researcher: z.string().optional(),
    limits: limits.optional(),
    /** What stood in HINTS.md, and so in the prompt. */
    hints: z.string().optional(),
    /**
     * Set where no researcher is asked: the loop makes the full run of this run's code and settings itself.
     */
    fullRunOf: z.string().optional(),
    /** Set where no researcher is asked either: the loop puts two gains together. */
    combines: Pair.optional(),
    /** The sprint whose two gains the researcher is asked to combine, since they could not be merged. */
    handed: z.string().optional(),
  }),
  /** A conversation ended without claiming its sprint: nothing of it stays. */
  z.object({
    type: z.literal('sprint.dropped'),
    number: z.number(),
    /** How the conversation ended. Absent where a crash cut it off, and in the logs of earlier versions. */
    ending: z.enum(['finished', 'silent', 'limit', 'stopped', 'fatal', 'failed']).optional(),
    reason: z.string(),
  }),
  z.object({
    type: z.literal('sprint.claimed'),
    sprint: z.string(),
    number: z.number(),
    title: z.string(),
    idea: z.string(),
    predicted: z.record(z.string(), z.number()),
    /** What the researcher answered to hints when it began. */
    hintAnswers: z.array(HintAnswer).optional(),
  }),
  /** A limit of this sprint alone is reached: the researcher is told to close it. */
  z.object({ type: z.literal('sprint.capped'), sprint: z.string().nullable(), reason: z.string() }),
  /**
   * A call is about to be made. Where no event of its end follows, the loop died during the call: its likely
   * cost is booked, and the rest of what it can have cost is held.
   */
  z.object({
    type: z.literal('turn.started'),
    sprint: z.string().nullable(),
    reserve: amount,
    likely: amount.optional(),
    /** The most that the call can cost as long as it uses no server-side tool. */
    plain: amount.optional(),
  }),
  /** The call that is under way uses a server-side tool: it can cost its whole reservation. */
  z.object({ type: z.literal('turn.searching'), sprint: z.string().nullable() }),
  /** The call was answered with an error, or did not reach the server: it cost nothing. */
  z.object({ type: z.literal('turn.failed'), sprint: z.string().nullable(), reason: z.string() }),
  z.object({
    type: z.literal('turn.finished'),
    sprint: z.string().nullable(),
    /** Who was asked: after a refusal the fallback. */
    model: z.string().optional(),
    stopReason: z.string(),
    text: z.string(),
    usage,
    /**
     * What an interrupted call may have cost beyond what is booked for it. It counts against the limits until
     * the loop ends.
     */
    held: amount.optional(),
    seconds: z.number(),
  }),
  z.object({
    type: z.literal('tool.finished'),
    sprint: z.string().nullable(),
    name: z.string(),
    summary: z.string(),
    ok: z.boolean(),
    /** Why the call was refused, in one line; only where it is not ok. */
    reason: z.string().optional(),
    seconds: z.number(),
  }),
  /** A researcher wrote into the shared notebook. */
  z.object({ type: z.literal('note.taken'), sprint: z.string(), note: Note }),
  /** A run was accepted, or is resumed: its time on the device is reserved until `run.released`. */
  z.object({
    type: z.literal('run.reserved'),
    sprint: z.string().nullable(),
    ...WaitingRun.shape,
    /** Samples that are still to be trained. */
    left: z.number(),
  }),
  /** The run has ended and is measured, or will not start: its reservation ends. */
  z.object({ type: z.literal('run.released'), ticket: z.string() }),
  /** A run waits for the device. It is known by its ticket until it starts. */
  z.object({
    type: z.literal('run.queued'),
    sprint: z.string().nullable(),
    ...WaitingRun.shape,
  }),
  /** A waiting run will not be started. The reason is null where the researcher withdrew it. */
  z.object({ type: z.literal('run.dropped'), ticket: z.string(), reason: z.string().nullable() }),
  z.object({
    type: z.literal('run.started'),
    run: z.string(),
    /** The ticket that it had before it started. */
    ticket: z.string().optional(),
    sprint: z.string().nullable(),
    /** As in the run's record. */
    role: Run.shape.role,
    ...RunSpec.shape,
  }),
  /**
   * A run that was started waits in the queue of a cluster, and why (the cluster's own word, such as
   * Resources); null: it trains now.
   */
  z.object({ type: z.literal('run.waiting'), run: z.string(), reason: z.string().nullable() }),
  z.object({ type: z.literal('run.progress'), run: z.string(), ...Progress.omit({ step: true }).shape }),
  z.object({
    type: z.literal('run.finished'),
    run: z.string(),
    status: z.string(),
    reason: z.string().nullable(),
    seconds: z.number(),
  }),
  z.object({
    type: z.literal('verdict.given'),
    run: z.string(),
    sprint: z.string().nullable(),
    verdict: Verdict,
  }),
  /** A verified gain is being confirmed on secret worlds: candidate and best (a sprint) are trained there. */
  z.object({
    type: z.literal('confirm.started'),
    sprint: z.string().nullable(),
    run: z.string(),
    /** Which confirming of this key (its SHA-256) it is, and the most pairs that it can take. */
    nth: z.number(),
    key: z.string(),
    best: z.string().nullable(),
    pairs: z.number(),
  }),
  /**
   * A run on a secret world was judged. `value`: the deciding metric; null where the run came to no result.
   */
  z.object({
    type: z.literal('confirm.measured'),
    sprint: z.string().nullable(),
    of: z.enum(['candidate', 'best', 'best again', 'best before']),
    draw: z.number(),
    value: z.number().nullable(),
    /** Its share of the time, where several such runs train at a time. */
    seconds: z.number(),
  }),
  z.object({
    type: z.literal('confirm.finished'),
    sprint: z.string().nullable(),
    run: z.string(),
    result: Confirmed.shape.result,
    reason: z.string(),
  }),
  z.object({
    type: z.literal('sprint.closed'),
    sprint: z.string(),
    number: z.number(),
    outcome: Outcome,
    reason: z.string(),
    metrics: z.record(z.string(), z.number()),
    usd: z.number(),
    seconds: z.number(),
  }),
  /** The last best was measured again at the end of a night: what its sprint counts as from here on. */
  z.object({
    type: z.literal('sprint.checked'),
    sprint: z.string(),
    outcome: Outcome,
    reason: z.string(),
  }),
  z.object({
    type: z.literal('report.rendered'),
    sprint: z.string(),
    files: z.array(z.string()),
    /** Set when a form of the report could not be made: which and why. */
    trouble: z.string().nullable(),
    seconds: z.number(),
  }),
  z.object({
    type: z.literal('sprint.committed'),
    sprint: z.string(),
    commit: z.string(),
    branch: z.string(),
  }),
  z.object({ type: z.literal('loop.waiting'), reason: z.string(), seconds: z.number() }),
  /** No call is made and no run is started from here on, until `loop.continued`. */
  z.object({ type: z.literal('loop.paused') }),
  z.object({ type: z.literal('loop.continued') }),
  /** The speed probe of this machine, before the first sprint. */
  z.object({
    type: z.literal('speed.measured'),
    experiment: z.string(),
    samplesPerSecond: z.number(),
    /** Seconds for which the probe held the device; they count as training. */
    seconds: z.number().default(0),
    backend: z.string().nullable(),
  }),
  z.object({
    type: z.literal('loop.notice'),
    level: z.enum(['info', 'warn']),
    /** Set for what a program may look for. */
    code: NoticeCode.optional(),
    text: z.string(),
  }),
  z.object({ type: z.literal('hint.given'), sprint: z.string().nullable(), text: z.string() }),
  z.object({
    type: z.literal('loop.stopped'),
    /** Absent in the logs of earlier versions. */
    code: StopCode.optional(),
    reason: z.string(),
    exitCode: z.number(),
  }),
] as const;

/**
 * Everything that happens in a loop. The log, the console, the notebook and the tests consume it; nothing
 * else prints.
 */
export const Event = z.preprocess(asNow, z.discriminatedUnion('type', [...kinds]));
export type Event = z.infer<typeof Event>;

/**
 * An event as it stands in `state/events.jsonl`: numbered and dated by the log, with the id of its
 * researcher.
 */
export type LoggedEvent = Event & { seq: number; at: string; researcherId: string };
