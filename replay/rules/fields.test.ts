import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { expect, it } from 'vitest';
import { BETAS } from './betas.ts';
import * as known from './fields.ts';

const sdk = dirname(createRequire(import.meta.url).resolve('@anthropic-ai/sdk'));
const declarations = readFileSync(join(sdk, 'resources/beta/messages/messages.d.ts'), 'utf8');

/** The fields of an interface of the SDK, with their types. */
function fieldsOf(name: string): Map<string, string> {
  const [, body] =
    new RegExp(`export interface ${name} (?:extends \\S+ )?\\{\\n([\\s\\S]*?)\\n\\}`).exec(declarations) ??
    [];
  if (body === undefined) throw new Error(`the SDK has no ${name}`);
  const bare = body.replace(/\/\*\*[\s\S]*?\*\//g, '');
  return new Map(
    [...bare.matchAll(/^ {4}(\w+)\??: *(.*)$/gm)].map(([, field = '', type = '']) => [field, type]),
  );
}

/** The members of a union of interfaces: the values of their `type` → their fields. */
function unionOf(name: string): Record<string, string[]> {
  const [, members] = new RegExp(`export type ${name} = ([^;]*);`).exec(declarations) ?? [];
  if (members === undefined) throw new Error(`the SDK has no ${name}`);
  return Object.fromEntries(
    members.split('|').flatMap((member) => {
      const fields = fieldsOf(member.trim());
      const types = [...(fields.get('type') ?? '').matchAll(/'([^']+)'/g)].map(([, type]) => type);
      return types.map((type) => [type, [...fields.keys()].sort()]);
    }),
  );
}

const sorted = (table: Record<string, ReadonlySet<string>>) =>
  Object.fromEntries(Object.entries(table).map(([type, fields]) => [type, [...fields].sort()]));

/** The SDK sends these fields as headers. */
const HEADERS = ['betas', 'user_profile_id', 'workspace_id'];
const bodyOf = (name: string) =>
  [...fieldsOf(name).keys()].filter((field) => !HEADERS.includes(field)).sort();

it('knows the fields that the SDK knows, no more and no less', () => {
  expect([...known.REQUEST].sort()).toEqual(bodyOf('MessageCreateParamsBase'));
  expect([...known.COUNT_REQUEST].sort()).toEqual(bodyOf('MessageCountTokensParams'));
  expect(sorted(known.BLOCK)).toEqual(unionOf('BetaContentBlockParam'));
  expect(sorted(known.TOOL)).toEqual(unionOf('BetaToolUnion'));
  expect(sorted(known.THINKING)).toEqual(unionOf('BetaThinkingConfigParam'));
  expect(sorted(known.TOOL_CHOICE)).toEqual(unionOf('BetaToolChoice'));
  const named = {
    BetaUserMessageParam: known.MESSAGE.user,
    BetaSystemMessageParam: known.MESSAGE.system,
    BetaThinkingBlockBinding: known.BLOCK_BINDING,
    BetaOutputConfig: known.OUTPUT_CONFIG,
    BetaContextManagementConfig: known.CONTEXT_MANAGEMENT,
    BetaClearToolUses20250919Edit: known.EDIT.clear_tool_uses_20250919,
    BetaClearThinking20251015Edit: known.EDIT.clear_thinking_20251015,
    BetaCompact20260112Edit: known.EDIT.compact_20260112,
    BetaCacheControlEphemeral: known.CACHE_CONTROL,
    BetaMetadata: known.METADATA,
    BetaToolReferenceBlockParam: known.RESULT_BLOCK.tool_reference,
    BetaBrowserStateBlockParam: known.RESULT_BLOCK.browser_state,
  };
  for (const [name, fields] of Object.entries(named)) {
    expect([...fields].sort(), name).toEqual([...fieldsOf(name).keys()].sort());
  }
});

it('knows the beta values that the SDK knows, and those that it sends by itself', () => {
  const text = readFileSync(join(sdk, 'resources/beta/beta.d.ts'), 'utf8');
  const [, values] = /export type AnthropicBeta = \(string & \{\}\) \|([^;]*);/.exec(text) ?? [];
  const named = [...(values ?? '').matchAll(/'([^']+)'/g)].map(([, value]) => value);
  expect([...BETAS].sort()).toEqual([...named, 'structured-outputs-2025-12-15'].sort());
});
