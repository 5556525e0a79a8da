import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import table from '../prices.json' with { type: 'json' };
import { isRegional, modelFor, plainModel } from './models.ts';

const ARN = 'arn:aws:bedrock:eu-west-1:123456789012';

describe('plainModel', () => {
  it.each([
    ['claude-opus-5-5', 'claude-opus-5-5'],
    ['claude-opus-5-5-20260801', 'claude-opus-5-5'],
    ['global.anthropic.claude-opus-5-5', 'claude-opus-5-5'],
    ['us.anthropic.claude-sonnet-5-5-20260901-v1:0', 'claude-sonnet-5-5'],
    ['us-gov.anthropic.claude-sonnet-5-5', 'claude-sonnet-5-5'],
    ['anthropic.claude-haiku-5-5', 'claude-haiku-5-5'],
    ['anthropic.claude-opus-5-5-v1', 'claude-opus-5-5'],
    ['anthropic.claude-opus-5-5-20260801-v2:0:200k', 'claude-opus-5-5'],
    [`${ARN}:inference-profile/eu.anthropic.claude-opus-5-5`, 'claude-opus-5-5'],
    ['arn:aws:bedrock:eu-west-1::foundation-model/anthropic.claude-opus-5-5-v1:0', 'claude-opus-5-5'],
    ['claude-opus-5-5@20260801', 'claude-opus-5-5'],
    ['claude-opus-5-5@default', 'claude-opus-5-5'],
    [`${ARN}:application-inference-profile/a1b2c3`, `${ARN}:application-inference-profile/a1b2c3`],
    ['house-model', 'house-model'],
  ])('%s is %s', (id, name) => expect(plainModel(id)).toBe(name));

  it('knows a profile without a model name for none of the price table', () => {
    expect(Object.keys(table.models)).not.toContain(
      plainModel(`${ARN}:application-inference-profile/a1b2c3`),
    );
  });
});

describe('modelFor', () => {
  it('gives each way its id', () => {
    expect(modelFor('api', 'claude-opus-5-5')).toBe('claude-opus-5-5');
    expect(modelFor('bedrock', 'claude-opus-5-5')).toBe('global.anthropic.claude-opus-5-5');
    expect(modelFor('google', 'claude-opus-5-5')).toBe('claude-opus-5-5');
  });

  it('writes a date as the cloud does', () => {
    expect(modelFor('bedrock', 'claude-haiku-4-5-20251001')).toBe(
      'global.anthropic.claude-haiku-4-5-20251001-v1:0',
    );
    expect(modelFor('google', 'claude-haiku-4-5-20251001')).toBe('claude-haiku-4-5@20251001');
  });

  it.each([
    'eu.anthropic.claude-opus-5-5',
    'anthropic.claude-opus-5-5',
    `${ARN}:application-inference-profile/a1`,
    'a1b2',
  ])('leaves %s to Bedrock', (id) => expect(modelFor('bedrock', id)).toBe(id));

  it.each(['claude-opus-5-5@20260801', 'claude-opus-5-5@default'])('leaves %s to Google', (id) =>
    expect(modelFor('google', id)).toBe(id),
  );

  it('is undone by plainModel, for the names of the price table and any like them', () => {
    const any = fc.stringMatching(/^claude-[a-z]{2,8}(-\d{1,2}){0,2}$/);
    const via = fc.constantFrom('api', 'bedrock', 'google');
    const name = fc.oneof(fc.constantFrom(...Object.keys(table.models)), any);
    const date = fc.option(fc.integer({ min: 20_240_101, max: 20_991_231 }));
    fc.assert(
      fc.property(via, name, date, (via, name, date) => {
        expect(plainModel(modelFor(via, date ? `${name}-${date}` : name))).toBe(name);
        // An id that is already the cloud's is left as it is.
        expect(modelFor(via, modelFor(via, name))).toBe(modelFor(via, name));
      }),
    );
  });
});

it('isRegional: what costs more', () => {
  expect(isRegional('claude-opus-5-5', 'api', 'global')).toBe(false);
  expect(isRegional('global.anthropic.claude-opus-5-5', 'bedrock', 'eu-west-1')).toBe(false);
  expect(
    isRegional(`${ARN}:inference-profile/global.anthropic.claude-opus-5-5`, 'bedrock', 'eu-west-1'),
  ).toBe(false);
  expect(isRegional('eu.anthropic.claude-opus-5-5', 'bedrock', 'eu-west-1')).toBe(true);
  expect(isRegional('anthropic.claude-opus-5-5', 'bedrock', 'eu-west-1')).toBe(true);
  expect(isRegional(`${ARN}:application-inference-profile/a1`, 'bedrock', 'eu-west-1')).toBe(true);
  expect(isRegional('claude-opus-5-5', 'google', 'global')).toBe(false);
  expect(isRegional('claude-opus-5-5', 'google', 'eu')).toBe(true);
  expect(isRegional('claude-opus-5-5', 'google', 'us-east5')).toBe(true);
});
