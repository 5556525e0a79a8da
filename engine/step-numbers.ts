import type { DeviceBuffer } from './opencl/buffers.ts';

/**
 * A number that follows a schedule: a function of the step alone. A device that replays a step computes it
 * anew for each, and has it as one of its own numbers.
 */
export interface Scheduled {
  /** At the present step. */
  readonly now: number;
  /** The largest that it becomes in a run. */
  readonly most: number;
  /** Where a function of it stands among the numbers of a step, on the device. */
  place(of: (value: number) => number): { numbers: DeviceBuffer; place: number };
}

/** A number that code of a step was given: one that stays as it is, or one that follows a schedule. */
export type StepNumber = number | Scheduled;

/** Its value at the present step. */
export const presentValue = (value: StepNumber): number => (typeof value === 'number' ? value : value.now);
