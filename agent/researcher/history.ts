import type {
  BetaContentBlockParam,
  BetaMessageParam,
  BetaTextBlockParam,
  BetaToolResultBlockParam,
} from '@anthropic-ai/sdk/resources/beta';
import { WEB_NAMES } from './web.ts';

/**
 * The messages of a conversation, which only ever grows: thinking is bound to all that stood before it, and
 * the prompt cache to its bytes. What is said to the model in mid-conversation goes where the API takes it:
 * after a user message, and not while a server tool is pending.
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
   * The server's own tools that it has yet to run: then nothing but our results may follow, and its tools
   * must stay.
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

  /** Whether the web was taken away in mid-conversation. */
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
   * Answers the calls of a reply; `texts` stand beside the results, where none of the server's tools is
   * pending.
   */
  answerCalls(results: readonly BetaToolResultBlockParam[], texts: readonly string[] = []): void {
    if (texts.length > 0 && this.pending) throw new Error('nothing may be said beside results now');
    this.add({ role: 'user', content: [...results, ...texts.map(textBlock)] });
  }

  /**
   * Says something as a message of the system's, and takes the web away with it. False where that may not
   * stand now.
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

  /**
   * Says something outside of results, where it may stand. False where nothing may be said before the next
   * reply.
   */
  say(text: string, asSystem: boolean): boolean {
    const last = this.messages.at(-1);
    if (this.pending || last?.role === 'system') return false;
    const role = last?.role === 'user' && asSystem ? 'system' : 'user';
    this.add({ role, content: [textBlock(text)] });
    return true;
  }

  /**
   * Takes back a message of the system's that the API refused: it never was a part of the conversation. Gives
   * what is still to be said of it, without the words that took the web away. Null where the last message is
   * none, or not of that kind.
   */
  retractSystem(kind: 'any' | 'withdrawal'): string[] | null {
    const last = this.messages.at(-1);
    if (last?.role !== 'system') return null;
    const withdrawal = blocksOf(last).some(({ type }) => type === 'tool_removal');
    if (kind === 'withdrawal' && !withdrawal) return null;
    this.messages.pop();
    this.keep.retract();
    // The first text of a withdrawal says that the web is gone, which it is not.
    return blocksOf(last)
      .slice(withdrawal ? WEB_NAMES.length + 1 : 0)
      .flatMap((block) => (block.type === 'text' ? [block.text] : []));
  }
}

/**
 * A reply as it is sent back. The API gives out blocks that it does not take in: texts without a word, and
 * thinking without a signature (of a reply that was cut). Thinking that comes after such a text in the same
 * reply is bound to it and goes with it.
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
