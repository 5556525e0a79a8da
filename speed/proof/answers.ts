import type { Answer } from '../step/run.ts';
import { type Part, RECIPES } from './parts.ts';
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

/**
 * `processor` where steps on samples of the processor were faster than on samples that the card drew: a card
 * that draws has less time to train.
 */
export function fasterDrawn(done: readonly Done[]): 'processor' | undefined {
  const rates = (drawn: 'processor' | undefined) =>
    measured(done).flatMap(({ part: { asked }, answer }) =>
      asked.drawn === drawn && !asked.resident && asked.encode === undefined && asked.recipe === RECIPES[0]
        ? [samplesPerSecond(answer)]
        : [],
    );
  const [own, others] = [rates('processor'), rates(undefined)];
  return Math.max(0, ...own) > Math.max(0, ...others) ? 'processor' : undefined;
}

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
