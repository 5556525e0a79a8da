import { expect, it } from 'vitest';
import { SAELENS_HAS } from '#bench/python/saelens';
import { registry } from '#sae/saelens/registry';

it('the judge knows the names under which SAELens has an encoder', () => {
  expect([...SAELENS_HAS].sort()).toEqual(Object.keys(registry.inference).sort());
});
