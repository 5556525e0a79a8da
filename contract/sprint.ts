import { z } from 'zod';
import { Combining } from './combining.ts';
import { Checked, Confirmed, InFull } from './confirmed.ts';
import { asNow } from './earlier.ts';
import { Note } from './note.ts';
import { EvalPoint, Machine, Progress, Run, RunSpec } from './run.ts';
import { Line, NamedNumbers, NamedValues, Words } from './text.ts';
import { Outcome, Verdict } from './verdict.ts';

/** A run as a sprint remembers it, with its curves, so that reports need no run folder. */
export const SprintRun = z.preprocess(
  asNow,
  Run.extend({
    /** Mean over training, as the trainer logged it. Its start-up and its end count in `seconds` alone. */
    samplesPerSecond: z.number().nullable(),
    backend: Line.nullable(),
    claimed: NamedNumbers,
    /** What only the trainer states, and all its settings, flat. Absent in records of earlier versions. */
    declared: NamedNumbers.optional(),
    config: NamedValues.optional(),
    /** From `run.json`: absent in records of earlier versions. */
    startedAt: z.string().optional(),
    rowsServed: z.number().int().nullable().optional(),
    machine: Machine.optional(),
    verdict: Verdict.nullable(),
    /** What the trainer logged, thinned to at most 200 points. */
    curve: z.array(Progress.pick({ samples: true, values: true })),
    evals: z.array(EvalPoint),
  }),
);
export type SprintRun = z.infer<typeof SprintRun>;

/** A run that was accepted and waits for the device: its spec, its ticket and its role. */
export const WaitingRun = z.object({
  ...RunSpec.shape,
  ticket: z.string(),
  role: Run.shape.role,
});
export type WaitingRun = z.infer<typeof WaitingRun>;

/**
 * A verdict near the noise, repeated: the candidate and the best on a second seed. The outcome is decided by
 * the means of both seeds.
 */
const Repeat = z.object({
  seed: z.number().int(),
  run: z.string(),
  verdict: Verdict,
  best: z.object({ run: z.string(), verdict: Verdict }),
});
export type Repeat = z.infer<typeof Repeat>;

/** What a researcher answered to a hint of people. */
export const HintAnswer = z.object({
  /** The id of the hint, made from its words. */
  hint: z.string(),
  /** The words of the hint. */
  text: Line,
  /** Whether the sprint follows it. */
  answer: z.enum(['follow', 'decline']),
  /** How, or why not, in the words of the researcher. */
  why: Line,
});
export type HintAnswer = z.infer<typeof HintAnswer>;

/**
 * `sprints/<id>/sprint.json`, written at the close and committed. Ledger, leaderboard and reports are derived
 * from these files alone.
 */
export const Sprint = z.preprocess(
  asNow,
  z.object({
    version: z.literal(2),
    /** Folder name: 2026-02-19--10-37-lista-encoder. */
    id: z.string(),
    number: z.number().int(),
    title: Line,
    idea: Words,
    openedAt: z.string(),
    closedAt: z.string(),
    profile: z.string(),
    /** Runs are compared only within one leaderboard: a digest of metric, goal, guards and the profile. */
    leaderboard: z.string(),
    metric: z.string(),
    goal: z.enum(['max', 'min']),
    researcher: z.object({
      kind: z.enum(['claude', 'offline']),
      model: z.string().nullable(),
      /** All models that were asked, in order: after a refusal another model takes over. */
      models: z.array(z.string()).optional(),
      label: z.string(),
    }),
    /** "bubblewrap" or "off (why)". */
    sandbox: z.string(),
    outcome: Outcome,
    /** Why the outcome is what it is, in one line. */
    reason: Line,
    /** Why its conversation ended, in words. */
    stopReason: Line,
    /**
     * The run that the researcher named as its candidate (or the loop did, where `finish_sprint` was not
     * called), and the judge's verdict on it.
     */
    candidate: z.string().nullable(),
    verdict: Verdict.nullable(),
    repeat: Repeat.optional(),
    /** What the candidate gave on secret worlds; absent where nobody tried. */
    confirmed: Confirmed.optional(),
    /** Read from `in-full.json` beside this file, where there is one. */
    inFull: InFull.optional(),
    /** Read from `checked.json` beside this file, where there is one: `outcome` and `confirmed` follow it. */
    checked: Checked.optional(),
    /** Set where the loop itself made the sprint, to put two gains together. */
    combines: Combining.optional(),
    /** The sprint whose two gains could not be merged, and which its researcher was asked to combine. */
    handed: z.string().optional(),
    /**
     * What people told the researcher: HINTS.md at the start, then what was added. It marks results that
     * people steered.
     */
    hints: z.array(z.string()).optional(),
    /** What the researcher answered to hints; absent: to none. */
    hintAnswers: z.array(HintAnswer).optional(),
    /** What the researcher wrote down before the runs: {"f1": 0.84}. */
    predicted: NamedNumbers,
    bestBefore: z
      .object({ sprint: z.string(), run: z.string(), metrics: z.record(z.string(), z.number()) })
      .nullable(),
    /** A gain of at most this is noise: one standard deviation of the difference of two runs. */
    noise: z.number(),
    /** Where that number comes from, in words. */
    noiseFrom: z.string().optional(),
    runs: z.array(SprintRun),
    /** Runs that were accepted and never started, with the reason. */
    unstarted: z.array(z.preprocess(asNow, WaitingRun.extend({ reason: Line }))).optional(),
    /** What the researcher said between its calls, as far as it was shown: one text per turn, shortened. */
    said: z.array(z.object({ at: z.string(), text: Words })).optional(),
    /** What the researcher wrote into the shared notebook; absent: nothing. */
    notes: z.array(Note).optional(),
    /** How often the researcher looked into its runs by `inspect`; absent: never. */
    inspections: z.number().int().optional(),
    summary: Words,
    /** What the researcher would do next. */
    next: Words.nullable(),
    change: z.object({
      files: z.array(z.string()),
      insertions: z.number().int(),
      deletions: z.number().int(),
      /**
       * Whether the change stands in the workspace after this sprint; if not it lies in change.patch only.
       */
      kept: z.boolean(),
      infrastructure: z.boolean(),
      treeBefore: z.string(),
      treeAfter: z.string(),
      /** How many stacked changes this sprint took out of the workspace; absent: none. */
      takenBack: z.number().int().optional(),
    }),
    cost: z.object({
      usd: z.number(),
      /** What its interrupted calls may have cost beyond `usd`; it does not count as cost. */
      heldUsd: z.number().optional(),
      turns: z.number().int(),
      inputTokens: z.number().int(),
      cachedInputTokens: z.number().int(),
      outputTokens: z.number().int(),
      /** Seconds in which training runs held the device, and how long the whole sprint took. */
      trainSeconds: z.number(),
      wallSeconds: z.number(),
      judgeSeconds: z.number(),
      /** Seconds of confirming; absent: none. */
      confirmSeconds: z.number().optional(),
    }),
  }),
);
export type Sprint = z.infer<typeof Sprint>;
