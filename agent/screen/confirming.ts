import type { LoggedEvent } from '#contract/event';
import type { TaskContract } from '#contract/task-contract';
import { count } from '../common/words.ts';

/** A confirming under way: how many runs on secret worlds are measured, and the most that there can be. */
export interface Confirming {
  researcherId: string;
  measured: number;
  most: number;
}

/** The confirming after an event; null where none is under way. */
export function confirmingAfter(before: Confirming | null, event: LoggedEvent): Confirming | null {
  switch (event.type) {
    case 'confirm.started': {
      const most = event.pairs * (event.best === null ? 1 : 2);
      return { researcherId: event.researcherId, measured: 0, most };
    }
    case 'confirm.measured':
      return before && { ...before, measured: before.measured + 1 };
    case 'confirm.finished':
    case 'loop.started':
      return null;
    default:
      return before;
  }
}

/** Where the verdict on a sprint stands. Runs on secret worlds take longer than the verdict before them. */
export function judging(
  confirming: Confirming | null,
  { researcherId }: { researcherId: string },
  { secret }: Pick<TaskContract, 'secret'>,
): string {
  if (confirming?.researcherId !== researcherId) return 'being judged';
  const { measured, most } = confirming;
  return `being confirmed: ${measured} of up to ${count(most, 'run')} on ${secret.many} measured`;
}
