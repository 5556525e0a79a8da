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

/** The result that the researcher reads for a call that was under way when the loop was cut off. */
export const CUT_OFF: Answer = {
  words:
    'The loop was cut off during this call and has been started again. The call may or may not have been carried out: check before you repeat it. A training run that was under way continues from what it saved last, or begins again if it had saved nothing: wait for it again. Queued runs are still queued.',
  fields: { cutOff: true } satisfies z.infer<typeof CutOff>,
};

/**
 * A line that is not a message: the opening of the conversation, the model that answers from here on, or that
 * the message before it was retracted.
 */
const Note = z.union([
  z.object({ opening: Opening }),
  z.object({ model: z.string() }),
  z.object({ retracted: z.literal(true) }),
]);
type Note = z.infer<typeof Note>;
type Line = { note: Note } | { message: BetaMessageParam };

/** The conversation of one sprint on disk: one line per message, appended before the next call is made. */
export class Transcript {
  readonly messages: BetaMessageParam[] = [];
  /** System prompt and tools, as they were first sent; null in a transcript that has none. */
  opening: Opening | null = null;
  /** The model that answers, where another one took over. */
  model: string | null = null;

  /**
   * Opens the transcript of a sprint, or begins it. The file is truncated at the first line that a crash or a
   * power cut left incomplete.
   */
  constructor(readonly path: string) {
    mkdirSync(dirname(path), { recursive: true });
    const lines = wholeLines(path);
    const read = lines.map(lineIn);
    const whole = read.includes(null) ? read.indexOf(null) : read.length;
    for (const line of read.slice(0, whole)) if (line) this.#take(line);
    if (existsSync(path)) truncateSync(path, bytesOf(lines.slice(0, whole)));
  }

  /** Begins the transcript, or begins it anew where nothing was answered yet. */
  open(opening: Opening, prompt: BetaMessageParam): void {
    writeFileSync(this.path, '');
    this.messages.length = 0;
    this.opening = opening;
    this.#append({ opening });
    this.say(prompt);
  }

  /** Appends a message to the file; the caller has added it to `messages`. */
  record(message: BetaMessageParam): void {
    this.#append(message);
  }

  /** Marks the last message as retracted in the file; the caller has removed it from `messages`. */
  retract(): void {
    this.#append({ retracted: true });
  }

  /** Records that another model answers from here on. */
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

  /** Answers the calls of the last message that were cut off, so that the conversation can go on. */
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
   * Whether the last message is the researcher's and asks for no tool: a message from us is due before the
   * next call.
   */
  get awaitsUs(): boolean {
    const last = this.messages.at(-1);
    if (last?.role !== 'assistant') return false;
    // A server-side search that was paused goes on when the message is sent again unchanged.
    const answered = blocks(last).flatMap((block) => ('tool_use_id' in block ? [block.tool_use_id] : []));
    return blocks(last).every(
      (block) => !isCall(block) && (block.type !== 'server_tool_use' || answered.includes(block.id)),
    );
  }

  /** The input of an accepted finish_sprint; null where there is none. */
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

/** The time is to the millisecond: the sprint after one that was dropped has the same number. */
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
