import { measured } from './answers.ts';
import { type Done, passed } from './proof.ts';

/** What a card has to show, and what it did. `holds`: null where it was not measured. */
export interface Claim {
  what: string;
  wanted: string;
  found: string;
  holds: boolean | null;
}

/** `found`: null where it was not measured. */
export const claim = (what: string, wanted: string, found: string | null, holds: boolean | null): Claim => ({
  ...{ what, wanted, found: found ?? 'not measured', holds: found === null ? null : holds },
});

/** Steps at full size on a GPU. */
export function onGpu(done: readonly Done[]) {
  const gpus = passed(done).flatMap(({ backend, gpu }) => (gpu ? [backend] : []));
  return measured(done).filter(
    ({ part: { asked } }) => asked.size === 'full' && gpus.includes(asked.backend),
  );
}

export const one = (value: number): string => value.toFixed(1);
export const thousands = (value: number): string =>
  `${Math.round(value / 1000).toLocaleString('en-US')},000/s`;
