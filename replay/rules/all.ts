import { fieldsWithTheirBetas, knownBetas } from './betas.ts';
import { domains } from './domains.ts';
import { marks } from './marks.ts';
import { pendingUses } from './pending.ts';
import type { Call, Rule, Violation } from './rule.ts';
import { shape } from './shape.ts';
import { texts } from './texts.ts';
import { thinkingConfig } from './thinking.ts';
import { toolNames, toolPairs } from './tools.ts';
import { toolChanges, turns } from './turns.ts';

/**
 * The rules that depend on the request alone, in the order in which the API checks them: fields, then their
 * values.
 */
const RULES: readonly Rule[] = [
  knownBetas,
  shape,
  fieldsWithTheirBetas,
  marks,
  toolNames,
  domains,
  thinkingConfig,
  texts,
  turns,
  toolChanges,
  toolPairs,
  pendingUses,
];

export function firstViolation(call: Call): Violation | null {
  for (const rule of RULES) {
    const violation = rule(call);
    if (violation) return violation;
  }
  return null;
}
