import { expect, it } from 'vitest';
import { exampleSprint, exampleVerdict } from '../fixtures/examples.ts';
import { paceOf } from './pace.ts';

it('counts what judging takes, not only what was waited for a verdict that was measured before', () => {
  const judged = (waited: number, seconds: number) => {
    const sprint = exampleSprint({ verdict: exampleVerdict({ seconds }) });
    const earlier = [{ ...sprint, cost: { ...sprint.cost, judgeSeconds: waited } }];
    return paceOf({ mine: [], probed: 1000, earlier, secondsLeft: 100 })?.judgeSeconds;
  };
  expect(judged(0.2, 1.7)).toBe(1.7);
  expect(judged(3, 1.7)).toBe(3);
});
