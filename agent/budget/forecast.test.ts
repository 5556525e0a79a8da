import { expect, it } from 'vitest';
import type { Sprint } from '#contract/sprint';
import { priceOf } from '../researcher/prices.ts';
import { forecast, forecastInWords } from './forecast.ts';

const opus = { model: 'claude-opus-5-5', price: priceOf('claude-opus-5-5') };
const sprint = (usd: number, hours: number, model = opus.model) =>
  ({
    ...{ researcher: { kind: 'claude', model }, outcome: 'no-gain', runs: [{}] },
    cost: { usd, wallSeconds: hours * 3600 },
  }) as unknown as Sprint;

it('goes by the sprints that this model made before', () => {
  const earlier = [sprint(9, 9, 'claude-opus-5'), sprint(2, 0.5), sprint(4, 1.5), sprint(0, 1)];
  const night = forecast(earlier, opus, { usd: 50, sprints: null }, 12);
  expect(night).toEqual({ sprintUsd: 3, measured: 2, sprints: 12, nightUsd: 36 });
  expect(forecastInWords(night)).toBe(
    'a sprint about 3.00 USD (the mean of the last 2 sprints); the night about 36.00 USD (12 sprints)',
  );
});

it('learns nothing from a sprint that was interrupted or ran nothing, and promises no thousand of them', () => {
  const odd = [
    { ...sprint(0.01, 0.001), outcome: 'interrupted' as const },
    { ...sprint(0.01, 0.001), runs: [] },
  ];
  expect(forecast(odd, opus, { usd: 50, sprints: null }, 12)).toMatchObject({ measured: 0 });
  expect(forecast([sprint(0.01, 0.001)], opus, { usd: 50, sprints: null }, 12)).toMatchObject({
    sprints: 100,
  });
});

it('ends a night where the money, the sprints or the time end', () => {
  const earlier = [sprint(3, 1)];
  expect(forecast(earlier, opus, { usd: 10, sprints: null }, 12)).toMatchObject({ sprints: 3, nightUsd: 9 });
  expect(forecast(earlier, opus, { usd: 50, sprints: 2 }, 12)).toMatchObject({ sprints: 2, nightUsd: 6 });
  expect(forecast(earlier, opus, { usd: null, sprints: null }, 4)).toMatchObject({
    sprints: 4,
    nightUsd: 12,
  });
});

it('guesses from the prices where nothing was measured, and says so', () => {
  const night = forecast([], opus, { usd: 50, sprints: null }, 12);
  expect(night).toMatchObject({ measured: 0, sprints: null, nightUsd: 50 });
  expect(night.sprintUsd).toBeGreaterThan(1);
  expect(night.sprintUsd).toBeLessThan(4);
  expect(forecastInWords(night)).toMatch(
    /^a sprint about \d\.\d\d USD \(estimated from the prices; no sprint was measured yet\); the night at most 50.00 USD$/,
  );
  expect(forecast([], opus, { usd: 50, sprints: 3 }, 12)).toMatchObject({ sprints: 3 });
});
