import { appendFileSync, existsSync, mkdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type {
  BetaContentBlockParam,
  BetaMessageParam,
  BetaToolResultBlockParam,
  BetaToolUseBlockParam,
} from '@anthropic-ai/sdk/resources/beta';
import { FinishSprintInput } from '../tools/schemas.ts';

const CUT_OFF =
  'The loop was cut off during this call and started again. It may have been carried out or not: look before you repeat it. A training run that was under way goes on from what it saved last, or has ended where nothing was saved; runs that were queued are gone.';

/** The conversation of one sprint on disk, a message a line, appended before the next call is made. */
export class Transcript {
  readonly messages: BetaMessageParam[];

  /** Opens that of a sprint, or begins it. A line that a crash left half-written is left out. */
  constructor(readonly path: string) {
    mkdirSync(dirname(path), { recursive: true });
    this.messages = existsSync(path) ? wholeLines(path) : [];
  }

  /** Adds a message to disk; who holds the conversation has added it to `messages`. */
  record(message: BetaMessageParam): void {
    appendFileSync(this.path, `${JSON.stringify(message)}\n`);
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

export const transcriptPath = (stateDir: string, number: number, openedAt: string): string =>
  join(stateDir, 'transcripts', `${openedAt.slice(0, 19).replaceAll(':', '-')}-sprint-${number}.jsonl`);

const blocks = ({ content }: BetaMessageParam) =>
  Array.isArray(content) ? (content as BetaContentBlockParam[]) : [];
const isCall = (block: BetaContentBlockParam): block is BetaToolUseBlockParam => block.type === 'tool_use';

function wholeLines(path: string): BetaMessageParam[] {
  const text = readFileSync(path, 'utf8');
  return text
    .slice(0, text.lastIndexOf('\n') + 1)
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as BetaMessageParam);
}
