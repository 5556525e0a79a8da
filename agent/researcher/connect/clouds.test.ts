import { describe, expect, it } from 'vitest';
import { UserError } from '#contract/errors';
import { chosenVia, LACKS, loaded, regionOf, required } from './clouds.ts';

describe('chosenVia', () => {
  it('is what was asked for, whatever the environment says', () => {
    const env = { CLAUDE_CODE_USE_BEDROCK: '1', CLAUDE_CODE_USE_VERTEX: '1' };
    for (const via of ['api', 'bedrock', 'google'] as const) expect(chosenVia(via, env)).toBe(via);
  });

  it('is what the environment says, and the API where it says nothing', () => {
    expect(chosenVia(null, {})).toBe('api');
    expect(chosenVia(null, { CLAUDE_CODE_USE_BEDROCK: '1' })).toBe('bedrock');
    expect(chosenVia(null, { CLAUDE_CODE_USE_VERTEX: 'true', CLAUDE_CODE_USE_BEDROCK: '0' })).toBe('google');
    expect(chosenVia(null, { CLAUDE_CODE_USE_VERTEX: '', CLAUDE_CODE_USE_BEDROCK: 'false' })).toBe('api');
  });

  it('refuses two', () => {
    const env = { CLAUDE_CODE_USE_BEDROCK: '1', CLAUDE_CODE_USE_VERTEX: '1' };
    expect(() => chosenVia(null, env)).toThrow(UserError);
    expect(() => chosenVia(null, env)).toThrow(
      /CLAUDE_CODE_USE_BEDROCK and CLAUDE_CODE_USE_VERTEX are both on/,
    );
  });
});

describe('loaded', () => {
  it('tells how to install a package that is missing', async () => {
    const name = '@anthropic-ai/not-there-sdk';
    // A real import that fails, for Node's own error.
    await expect(loaded(name, () => import(/* @vite-ignore */ name))).rejects.toThrow(
      `the package ${name} is not installed; run: npm install ${name}`,
    );
  });

  it('passes on any other fault', async () => {
    const fault = Object.assign(new Error("Cannot find package 'another'"), { code: 'ERR_MODULE_NOT_FOUND' });
    await expect(loaded('@anthropic-ai/bedrock-sdk', () => Promise.reject(fault))).rejects.toBe(fault);
    await expect(loaded('x', async () => 7)).resolves.toBe(7);
  });
});

it('a missing setting, or no region, is told by its name', () => {
  expect(required({ A: ' b ' }, 'A', 'something')).toBe('b');
  expect(() => required({ A: ' ' }, 'A', 'something')).toThrow('A is not set; set it to something');
  expect(() => regionOf({ R: 'evil.example/' }, 'R', 'a region')).toThrow(
    'R is not a region; set it to a region',
  );
});

it('no cloud has the web', () => {
  expect(LACKS.api).toEqual([]);
  expect(LACKS.bedrock).toContain('web');
  expect(LACKS.google).toContain('web');
});
