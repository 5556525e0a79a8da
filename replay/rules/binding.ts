import type { MessagesRequest } from '../protocol.ts';
import { BINDING_CONTROLS } from './betas.ts';
import { blocksOf, type Call, isObject, type Violation } from './rule.ts';
import { isThinking, Prefix, sealOf } from './seal.ts';
import { bindingModel } from './thinking.ts';

/**
 * `new`: an account from 2026-08-31 on, whose thinking blocks are always checked. `old`: they are checked
 * only where the request sets `prefix_mismatch_behavior`.
 */
export type Account = 'new' | 'old';

/** One entry of a reply's `input_transformations`. */
export interface Transformation {
  type: 'thinking_dropped' | 'thinking_mismatch_allowed';
  path: string;
  reason: 'model_binding_mismatch' | 'prefix_binding_mismatch';
}

export interface Binding {
  violation: Violation | null;
  transformations: Transformation[];
  /**
   * The number of thinking blocks that are not in the conversation that they were made in, refused or not.
   */
  mismatches: number;
}

/**
 * Checks the thinking blocks of a request: which are dropped or allowed, and whether the request is refused.
 */
export function binding({ request }: Call, account: Account): Binding {
  const { foreign, mismatches, forged } = readThinking(request);
  const behavior = behaviorOf(request);
  const held = account === 'new' || behavior !== null;
  const [mismatch] = mismatches;
  const violation = forged ?? (mismatch && held && behavior !== 'drop_block' ? bound(mismatch) : null);
  const type = held ? ('thinking_dropped' as const) : ('thinking_mismatch_allowed' as const);
  return {
    violation,
    transformations: [
      ...foreign.map((path) => ({
        type: 'thinking_dropped' as const,
        path,
        reason: 'model_binding_mismatch' as const,
      })),
      ...mismatches.map((path) => ({ type, path, reason: 'prefix_binding_mismatch' as const })),
    ],
    mismatches: mismatches.length,
  };
}

/** Whether a reply has `input_transformations`: with this beta, for a model that binds its thinking. */
export function tellsTransformations({ request, betas }: Call): boolean {
  return betas.has(BINDING_CONTROLS) && bindingModel(request.model) !== null;
}

/** The request as the model is shown it: from the last summary on, without the blocks that were dropped. */
export function asShown(
  request: MessagesRequest,
  transformations: readonly Transformation[],
): MessagesRequest {
  const dropped = new Set(
    transformations.filter(({ type }) => type === 'thinking_dropped').map(({ path }) => path),
  );
  const from = latestSummary(request);
  const messages = request.messages.slice(from.message).map((message, k) => ({
    ...message,
    content: blocksOf(message.content).filter(
      (_, j) => !(k === 0 && j < from.block) && !dropped.has(`messages.${from.message + k}.content.${j}`),
    ),
  }));
  return { ...request, messages };
}

/** The prefix of the reply to a request: system, tools and all messages. */
export function prefixOf(request: MessagesRequest): Prefix {
  const prefix = new Prefix(request);
  for (const { role, content, ...fields } of request.messages) {
    prefix.note(fields);
    for (const block of blocksOf(content)) prefix.add(role, block);
  }
  return prefix;
}

/**
 * Paths of the thinking blocks of other models (`foreign`) and of those whose prefix has changed
 * (`mismatches`); `forged` is the violation of the first invalid signature.
 */
function readThinking(request: MessagesRequest) {
  const prefix = new Prefix(request);
  const from = latestSummary(request);
  const foreign: string[] = [];
  const mismatches: string[] = [];
  for (const [i, { role, content, ...fields }] of request.messages.entries()) {
    prefix.note(fields);
    // Thinking blocks directly after a mismatch are mismatches too.
    let broken = false;
    for (const [j, block] of blocksOf(content).entries()) {
      if (isThinking(block)) {
        const path = `messages.${i}.content.${j}`;
        const seal = sealOf(block);
        if (!seal) return { foreign, mismatches, forged: forgery(path, block.type) };
        const summarised = i < from.message || (i === from.message && j < from.block);
        broken ||= !prefix.fits(seal);
        if (!canRead(request.model, seal.model)) foreign.push(path);
        else if (broken && !summarised && bindingModel(request.model) !== null) mismatches.push(path);
      } else broken = false;
      prefix.add(role, block);
    }
  }
  return { foreign, mismatches, forged: null };
}

/** The position of the last summary (a `compaction` block). The model does not read what is before it. */
function latestSummary({ messages }: MessagesRequest): { message: number; block: number } {
  const summaries = messages.map(({ content }) =>
    blocksOf(content).findLastIndex(({ type }) => type === 'compaction'),
  );
  const message = summaries.findLastIndex((block) => block >= 0);
  return { message: Math.max(0, message), block: summaries[message] ?? 0 };
}

function behaviorOf({ thinking }: MessagesRequest): string | null {
  if (!isObject(thinking) || !isObject(thinking.block_binding)) return null;
  const { prefix_mismatch_behavior: behavior } = thinking.block_binding;
  return typeof behavior === 'string' ? behavior : null;
}

/**
 * Whether a model can read the thinking of another. Every model reads that of Haiku 5.5, and Fable 5.1 reads
 * that of Opus 5.5 ("Preserved thinking").
 */
function canRead(model: string, author: string): boolean {
  const reader = bindingModel(model) ?? model;
  if (reader === author || author === 'claude-haiku-5-5') return true;
  return reader === 'claude-fable-5-1' && author === 'claude-opus-5-5';
}

const forgery = (path: string, type: string): Violation => ({
  path,
  message: `Invalid \`signature\` in \`${type}\` block`,
});

const bound = (path: string): Violation => ({
  path,
  message:
    'Invalid `signature` in `thinking` block. The block is bound to a different conversation. Remove the block, or set `thinking.block_binding.prefix_mismatch_behavior` to "drop_block".',
});
