import type {
  BetaContentBlockParam,
  BetaMessageParam,
  BetaTextBlockParam,
  BetaToolResultBlockParam,
} from '@anthropic-ai/sdk/resources/beta';
import { WEB_NAMES } from './web.ts';

/**
 * The messages of a conversation, which is append-only: thinking is bound to all that stands before it, and
 * the prompt cache to the exact bytes. Messages to the model in mid-conversation go where the API accepts
 * them: after a user message, and not while a server-side tool is pending.
 */
export class History {
  constructor(
    readonly messages: BetaMessageParam[],
    readonly keep: { record(message: BetaMessageParam): void; retract(): void },
  ) {}

  add(message: BetaMessageParam): void {
    this.messages.push(message);
    this.keep.record(message);
  }

  /**
   * Names of the server-side tools that were called and have not run yet. Meanwhile only our tool results may
   * follow, and the server-side tools must stay.
   */
  get pendingTools(): string[] {
    const blocks = this.messages.flatMap((message) =>
      message.role === 'assistant' ? blocksOf(message) : [],
    );
    const answered = new Set(blocks.flatMap((block) => ('tool_use_id' in block ? [block.tool_use_id] : [])));
    return blocks.flatMap((block) =>
      block.type === 'server_tool_use' && !answered.has(block.id) ? [block.name] : [],
    );
  }

  get pending(): boolean {
    return this.pendingTools.length > 0;
  }

  /** Whether the web was withdrawn in mid-conversation. */
  get webWithdrawn(): boolean {
    return this.messages.some(
      (message) => message.role === 'system' && blocksOf(message).some(({ type }) => type === 'tool_removal'),
    );
  }

  /** Whether the API has answered in this conversation. */
  get begun(): boolean {
    return this.messages.some(({ role }) => role === 'assistant');
  }

  /**
   * Adds the results of a reply's calls, with `texts` in the same message. No texts may be given while a
   * server-side tool is pending.
   */
  answerCalls(results: readonly BetaToolResultBlockParam[], texts: readonly string[] = []): void {
    if (texts.length > 0 && this.pending) throw new Error('nothing may be said beside results now');
    this.add({ role: 'user', content: [...results, ...texts.map(textBlock)] });
  }

  /**
   * Adds texts as a system message, which also withdraws the web if asked to. Returns false where no system
   * message may stand now.
   */
  tell(texts: readonly string[], withdrawWeb = false): boolean {
    if (this.pending || this.messages.at(-1)?.role !== 'user') return false;
    if (texts.length === 0) return true;
    const removals = WEB_NAMES.map((name) => ({
      type: 'tool_removal' as const,
      tool: { type: 'tool_reference' as const, name },
    }));
    const content = [...(withdrawWeb ? removals : []), ...texts.map(textBlock)];
    this.add({ role: 'system', content } as BetaMessageParam);
    return true;
  }

  /** Adds a text outside of tool results. Returns false where no text may stand before the next reply. */
  say(text: string, asSystem: boolean): boolean {
    const last = this.messages.at(-1);
    if (this.pending || last?.role === 'system') return false;
    const role = last?.role === 'user' && asSystem ? 'system' : 'user';
    this.add({ role, content: [textBlock(text)] });
    return true;
  }

  /**
   * Removes a system message that the API refused, which never was a part of the conversation. Returns its
   * texts that are still to be said, without the one about the withdrawal of the web. Null where the last
   * message is no system message, or not of that kind.
   */
  retractSystem(kind: 'any' | 'withdrawal'): string[] | null {
    const last = this.messages.at(-1);
    if (last?.role !== 'system') return null;
    const withdrawal = blocksOf(last).some(({ type }) => type === 'tool_removal');
    if (kind === 'withdrawal' && !withdrawal) return null;
    this.messages.pop();
    this.keep.retract();
    // The first text of a withdrawal says that the web is gone, which is not true now.
    return blocksOf(last)
      .slice(withdrawal ? WEB_NAMES.length + 1 : 0)
      .flatMap((block) => (block.type === 'text' ? [block.text] : []));
  }
}

/**
 * The blocks of a reply that are sent back. The API returns blocks that it does not accept: blank texts, and
 * thinking without a signature (of a reply that was cut). Thinking after such a block in the same reply is
 * bound to it and is dropped with it.
 */
export function sendable(content: readonly BetaContentBlockParam[]): BetaContentBlockParam[] {
  let dropped = false;
  return content.filter((block) => {
    const thinks = block.type === 'thinking' || block.type === 'redacted_thinking';
    if (thinks && dropped) return false;
    const bad =
      (block.type === 'text' && block.text.trim() === '') || (block.type === 'thinking' && !block.signature);
    if (bad) dropped = true;
    return !bad;
  });
}

export const blocksOf = ({ content }: BetaMessageParam): BetaContentBlockParam[] =>
  Array.isArray(content) ? (content as BetaContentBlockParam[]) : [];

const textBlock = (text: string): BetaTextBlockParam => ({ type: 'text', text });
