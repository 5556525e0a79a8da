import { closeSync, existsSync, fsyncSync, mkdirSync, openSync, truncateSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type {
  BetaContentBlockParam,
  BetaMessageParam,
  BetaToolResultBlockParam,
  BetaToolUseBlockParam,
} from '@anthropic-ai/sdk/resources/beta';
import { z } from 'zod';
import { type Answer, type CutOff, contentOf } from '#contract/answer';
import { appendLine, bytesOf, wholeLines } from '../common/lines.ts';
import { FinishSprintInput } from '../requests/schemas.ts';
import { blocksOf as blocks } from '../researcher/history.ts';
import { Opening } from '../researcher/opening.ts';

/** What the researcher reads for a call that the loop did not see the end of. */
export const CUT_OFF: Answer = {
  words:
    'The loop was cut off during this call and started again. It may have been carried out or not: look before you repeat it. A training run that was under way goes on from what it saved last, or begins again where nothing was saved: wait for it again. Runs that were queued still wait for the device.',
  fields: { cutOff: true } satisfies z.infer<typeof CutOff>,
};

/**
 * A line that is no message: what the conversation begins with, who has the word, or that the message before
 * it was taken back.
 */
const Note = z.union([
  z.object({ opening: Opening }),
  z.object({ model: z.string() }),
  z.object({ retracted: z.literal(true) }),
]);
type Note = z.infer<typeof Note>;
type Line = { note: Note } | { message: BetaMessageParam };

/** The conversation of one sprint on disk, a line for each message, appended before the next call is made. */
export class Transcript {
  readonly messages: BetaMessageParam[] = [];
  /** System prompt and tools, as they were first sent; null in a transcript that has none. */
  opening: Opening | null = null;
  /** Who has the word, where another model took over. */
  model: string | null = null;

  /**
   * Opens that of a sprint, or begins it. From a line on that a crash or a power cut left half-written or
   * empty, it is cut off.
   */
  constructor(readonly path: string) {
    mkdirSync(dirname(path), { recursive: true });
    const lines = wholeLines(path);
    const read = lines.map(lineIn);
    const whole = read.includes(null) ? read.indexOf(null) : read.length;
    for (const line of read.slice(0, whole)) if (line) this.#take(line);
    if (existsSync(path)) truncateSync(path, bytesOf(lines.slice(0, whole)));
  }

  /** Begins, or begins anew where nothing was answered yet. */
  open(opening: Opening, prompt: BetaMessageParam): void {
    writeFileSync(this.path, '');
    this.messages.length = 0;
    this.opening = opening;
    this.#append({ opening });
    this.say(prompt);
  }

  /** Adds a message to disk; who holds the conversation has added it to `messages`. */
  record(message: BetaMessageParam): void {
    this.#append(message);
  }

  /** The last message is no part of the conversation; who holds it has taken it out of `messages`. */
  retract(): void {
    this.#append({ retracted: true });
  }

  /** Another model has the word from here on. */
  note(model: string): void {
    this.model = model;
    this.#append({ model });
  }

  say(message: BetaMessageParam): void {
    this.messages.push(message);
    this.record(message);
  }

  #append(line: BetaMessageParam | Note): void {
    const fd = openSync(this.path, 'a');
    try {
      appendLine(fd, JSON.stringify(line));
      fsyncSync(fd);
    } finally {
      closeSync(fd);
    }
  }

  #take(line: Line): void {
    if ('message' in line) this.messages.push(line.message);
    else if ('opening' in line.note) this.opening = line.note.opening;
    else if ('model' in line.note) this.model = line.note.model;
    else this.messages.pop();
  }

  /** Answers calls that were cut off, so that the conversation can go on. */
  repair(): void {
    const last = this.messages.at(-1);
    const calls = last?.role === 'assistant' ? blocks(last).filter(isCall) : [];
    if (calls.length === 0) return;
    const content = calls.map(({ id }): BetaToolResultBlockParam => {
      return { type: 'tool_result', tool_use_id: id, is_error: true, content: contentOf(CUT_OFF) };
    });
    this.say({ role: 'user', content });
  }

  /**
   * Whether the researcher had the last word, and asked for nothing with it: an answer is due before it can
   * speak again.
   */
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

const isCall = (block: BetaContentBlockParam): block is BetaToolUseBlockParam => block.type === 'tool_use';

function lineIn(line: Buffer): Line | null {
  try {
    const value: unknown = JSON.parse(String(line));
    const note = Note.safeParse(value);
    return note.success ? { note: note.data } : { message: value as BetaMessageParam };
  } catch {
    return null;
  }
}
