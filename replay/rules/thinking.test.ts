import { describe, expect, it } from 'vitest';
import { assistant, bad, user, verdict } from '../fixtures/serve.ts';
import { bindingModel, thinks } from './thinking.ts';

describe('models that bind their thinking', () => {
  it.each([
    ['claude-opus-5-5', 'claude-opus-5-5'],
    ['claude-sonnet-5-5-20260928', 'claude-sonnet-5-5'],
    ['eu.anthropic.claude-haiku-5-5-20260928-v1:0', 'claude-haiku-5-5'],
    ['claude-fable-5-1@20260901', 'claude-fable-5-1'],
    ['claude-opus-5-51', null],
    ['claude-opus-5', null],
    ['claude-sonnet-4-5-20250929', null],
    ['offline-replay', null],
  ])('%s', (model, short) => {
    expect(bindingModel(model)).toBe(short);
    expect(thinks({ model })).toBe(short !== null);
    expect(thinks({ model, thinking: { type: 'between_tools' } })).toBe(false);
  });

  it('refuse thinking that is off or has a budget, and forced tools', async () => {
    const model = 'claude-opus-5-5';
    for (const thinking of [{ type: 'disabled' }, { type: 'enabled', budget_tokens: 1024 }]) {
      expect(await verdict({ thinking })).toBeNull();
      expect(await verdict({ model, thinking })).toContain(
        bad(`"thinking.type.${thinking.type}" is not supported`),
      );
    }
    for (const tool_choice of [{ type: 'any' }, { type: 'tool', name: 'a' }]) {
      expect(await verdict({ tool_choice })).toBeNull();
      expect(await verdict({ model, tool_choice })).toContain(bad(`tool_choice: type "${tool_choice.type}"`));
    }
    expect(
      await verdict({ model, thinking: { type: 'adaptive' }, tool_choice: { type: 'auto' } }),
    ).toBeNull();
  });
});

it('thinking without a signature is refused', async () => {
  const messages = [user('a'), assistant([{ type: 'thinking', thinking: 'hm' }]), user('b')];
  expect(await verdict({ messages })).toBe(bad('messages.1.content.0.thinking.signature: Field required'));
});
