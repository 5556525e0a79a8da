import type { EndedBy, RunRecord, RunSpec } from '#contract/run';
import type { Slot } from '../devices/pool.ts';
import type { RunHandle } from '../executor/executor.ts';
import type { Earlier } from './interrupted.ts';

/** A requested experiment. It is known by its ticket, and by its run id as well once it has started. */
export interface Job {
  ticket: string;
  /** Null for a run of a resumed sprint that had ended. */
  spec: RunSpec | null;
  /** What the run had done before it was resumed. */
  earlier: Earlier;
  run: string | null;
  state: 'queued' | 'running' | 'ended';
  handle: RunHandle | null;
  record: RunRecord | null;
  /** Why the run never started. */
  trouble: string | null;
  cancelled: { reason: string; by: EndedBy } | null;
  /** Leaves the queue for a device, where it still waits there. */
  withdraw(): void;
  ended: Promise<void>;
}

/** Starts or resumes a run in this place, for at most this many seconds. */
export type Launch = (timeoutSeconds: number, place: Slot) => Promise<RunHandle>;

export const freshTicket = (others: readonly Pick<Job, 'ticket'>[]): string =>
  `queued-${1 + Math.max(0, ...others.map(({ ticket }) => Number(/\d+$/.exec(ticket)?.[0] ?? 0)))}`;

/** The part of a run that is still to be trained. */
export const left = ({ earlier }: Pick<Job, 'earlier'>, spec: RunSpec): RunSpec => ({
  ...spec,
  samples: Math.max(0, spec.samples - earlier.samples),
});

/** A new job, with a ticket that no other of these has. */
export const newJob = (others: readonly Pick<Job, 'ticket'>[], ticket = freshTicket(others)): Job => ({
  ticket,
  spec: null,
  earlier: { seconds: 0, samples: 0 },
  run: null,
  state: 'queued',
  handle: null,
  record: null,
  trouble: null,
  cancelled: null,
  withdraw: () => {},
  ended: Promise.resolve(),
});
