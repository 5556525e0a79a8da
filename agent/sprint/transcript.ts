import { closeSync, existsSync, fsyncSync, mkdirSync, openSync, truncateSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type {
  BetaContentBlockParam,
  BetaMessageParam,
  BetaToolResultBlockParam,
  BetaToolUseBlockParam,
} from '@anthropic-ai/sdk/resources/beta';
import { appendLine, bytesOf, wholeLines } from '../lines.ts';
import { FinishSprintInput } from '../tools/schemas.ts';

const CUT_OFF =
  'The loop was cut off during this call and started again. It may have been carried out or not: look before you repeat it. A training run that was under way goes on from what it saved last, or has ended where nothing was saved; runs that were queued are gone.';

/** The conversation of one sprint on disk, a message a line, appended before the next call is made. */
export class Transcript {
  readonly messages: BetaMessageParam[];

  /** Opens that of a sprint, or begins it. From a line on that a crash or a power cut left half-written or empty, it is cut off. */
  constructor(readonly path: string) {
    mkdirSync(dirname(path), { recursive: true });
    const lines = wholeLines(path);
    const messages = lines.map(messageIn);
    const whole = messages.includes(null) ? messages.indexOf(null) : messages.length;
    this.messages = messages.slice(0, whole).filter((message) => message !== null);
    if (existsSync(path)) truncateSync(path, bytesOf(lines.slice(0, whole)));
  }

  /** Adds a message to disk; who holds the conversation has added it to `messages`. */
  record(message: BetaMessageParam): void {
    const fd = openSync(this.path, 'a');
    try {
      appendLine(fd, JSON.stringify(message));
      fsyncSync(fd);
    } finally {
      closeSync(fd);
    }
  }

  say(message: BetaMessageParam): void {
    this.messages.push(message);
    this.record(message);
  }

  /** Answers calls that were cut off, so that the conversation can go on. */
  mend(): void {
    const last = this.messages.at(-1);
    const calls = last?.role === 'assistant' ? blocks(last).filter(isCall) : [];
    if (calls.length === 0) return;
    const content = calls.map(({ id }): BetaToolResultBlockParam => {
      return { type: 'tool_result', tool_use_id: id, is_error: true, content: CUT_OFF };
    });
    this.say({ role: 'user', content });
  }

  /** Whether the researcher had the last word, and asked for nothing with it: an answer is due before it can speak again. */
  get awaitsUs(): boolean {
    const last = this.messages.at(-1);
    if (last?.role !== 'assistant') return false;
    // A search of the server's that was paused goes on when it is sent again as it is.
    const answered = blocks(last).flatMap((block) => ('tool_use_id' in block ? [block.tool_use_id] : []));
    return blocks(last).every(
      (block) => !isCall(block) && (block.type !== 'server_tool_use' || answered.includes(block.id)),
    );
  }

  /** The input of a finish_sprint that was accepted, where the loop was cut off after it. */
  get finish(): FinishSprintInput | null {
    const accepted = new Set(
      this.messages.flatMap((m) =>
        blocks(m).flatMap((b) => (b.type === 'tool_result' && !b.is_error ? [b.tool_use_id] : [])),
      ),
    );
    const call = this.messages
      .flatMap((m) => blocks(m).filter(isCall))
      .findLast((b) => b.name === 'finish_sprint' && accepted.has(b.id));
    return call ? (FinishSprintInput.safeParse(call.input).data ?? null) : null;
  }
}

/** To the millisecond: a sprint that was dropped at once gives its number to the next. */
export const transcriptPath = (stateDir: string, number: number, openedAt: string): string =>
  join(stateDir, 'transcripts', `${openedAt.slice(0, 23).replaceAll(':', '-')}-sprint-${number}.jsonl`);

const blocks = ({ content }: BetaMessageParam) =>
  Array.isArray(content) ? (content as BetaContentBlockParam[]) : [];
const isCall = (block: BetaContentBlockParam): block is BetaToolUseBlockParam => block.type === 'tool_use';

function messageIn(line: Buffer): BetaMessageParam | null {
  try {
    return JSON.parse(String(line)) as BetaMessageParam;
  } catch {
    return null;
  }
}
