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

/** What needs no memory, in the order in which the API complains: fields first, then what they say. */
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
