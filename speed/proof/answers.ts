import type { Answer } from '../step/run.ts';
import type { Part } from './parts.ts';
import type { Done } from './proof.ts';

export type StepPart = Done & { asked: Extract<Part['asked'], { kind: 'step' }> };

/** The steps that were measured, with their numbers. */
export function measured(done: readonly Done[]): { part: StepPart; answer: StepAnswer }[] {
  return done.flatMap((part) =>
    part.asked.kind === 'step' && 'answer' in part.outcome
      ? [{ part: part as StepPart, answer: part.outcome.answer as StepAnswer }]
      : [],
  );
}

export type StepAnswer = Omit<Answer, 'settings'> & { drawnBy: string | null };

export const samplesPerSecond = ({ batch, ms }: Pick<Answer, 'batch' | 'ms'>): number =>
  (batch * 1000) / ms.step;

/** The lines of a part that answers with some. */
export function linesOf(done: readonly Done[], kind: Part['asked']['kind']): Record<string, unknown>[] {
  return done.flatMap(({ asked, outcome }) =>
    asked.kind === kind && 'answer' in outcome ? (outcome.answer as Record<string, unknown>[]) : [],
  );
}

/** The answer of each part of a kind that has one, with what was asked. */
export function answersOf<Kind extends Part['asked']['kind'], Found>(
  done: readonly Done[],
  kind: Kind,
): { asked: Extract<Part['asked'], { kind: Kind }>; answer: Found }[] {
  return done.flatMap(({ asked, outcome }) =>
    asked.kind === kind && 'answer' in outcome
      ? [{ asked: asked as Extract<Part['asked'], { kind: Kind }>, answer: outcome.answer as Found }]
      : [],
  );
}
