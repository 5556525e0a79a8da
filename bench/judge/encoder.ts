import type { Readable, Writable } from 'node:stream';
import type { CodesHeader, SparseCodes } from '#contract/codes';
import { UserError } from '#contract/errors';
import { encodeFrameHeader, encodeStreamHeader } from '#contract/stream';
import { type Child, type Exit, startChild } from '#host/child';
import { lastWord } from '#host/last-word';
import type { Sandbox } from '#host/sandbox';
import type { Decoder } from '../eval/reconstruction.ts';
import { ByteReader } from './byte-reader.ts';
import { BadCodes, EndedEarly, readCodes, readCodesHeader } from './codes.ts';
import { threadsFor } from './threads.ts';

/**
 * The encoder crashed, hung or sent invalid data. The message is one line. The exit code is 1, or 2 where
 * the encoder reports that its own input is bad.
 */
export class EncoderError extends UserError {
  override readonly name = 'EncoderError';
  /** `said`: the encoder's last words, where it ended by itself. */
  constructor(
    message: string,
    exitCode: 1 | 2 = 1,
    readonly said?: string,
  ) {
    super(message, exitCode);
  }
}

export interface EncoderCommand {
  /** The contract's `encode`, in words; `--checkpoint FILE` is added for each checkpoint. */
  argv: readonly string[];
  /** The tree that the run was trained from. */
  cwd: string;
  checkpoint: string;
  /** More checkpoints that the same process answers for, each to the same rows. */
  also?: readonly string[];
  /**
   * What else the encoder reads: what the task lets its code read (readsOf), the targets of links in the
   * checkpoint's folder.
   */
  readable?: readonly string[];
  /**
   * Whether the encoder may normalise rows, as an SAE that SAELens saved may. A run's encoder may not: its
   * reconstruction would get the mean and scale of x for free.
   */
  mayNormalise?: boolean;
  sandbox: Sandbox;
  /** Standard error of the encoder. */
  log: string;
  /** Nothing is written into it before this resolves; unset: it is written as it comes. */
  logAfter?: Promise<unknown> | undefined;
  /** The encoder is ended after this many seconds of silence. */
  stallSeconds: number;
}

const LOG_BYTES = 1 << 20;
/** The logs of encoders of this process. A later encoder goes on with one, which may say why it is there. */
const begun = new Set<string>();
/** Exit code of a command that was given a bad file, here the checkpoint. */
const BAD_INPUT = 2;
/** How long an encoder may take to exit after its output has ended; then it is stopped. */
const EXIT_MS = 10_000;

/** What an encoder says of a checkpoint before it gets rows. */
export interface Opened {
  header: CodesHeader;
  decoder: Decoder;
}

/**
 * The researcher's encoder as a child process that gets activations and nothing else. It is not trusted:
 * all its output is checked, and its silence is limited.
 * @throws EncoderError from every method
 */
export class Encoder {
  private constructor(
    /** By checkpoint, in the order in which they were given. */
    readonly opened: readonly Opened[],
    private readonly child: Child,
    private readonly answers: ByteReader,
    private readonly input: Writable,
    private readonly stallSeconds: number,
  ) {}

  static async start(command: EncoderCommand, d: number, batchRows: number): Promise<Encoder> {
    const { cwd, checkpoint, also = [], sandbox, stallSeconds } = command;
    const checkpoints = [checkpoint, ...also];
    const given = checkpoints.flatMap((path) => ['--checkpoint', path]);
    const wrapped = sandbox.wrap([...command.argv, ...given], {
      cwd,
      readable: [cwd, ...checkpoints, ...(command.readable ?? [])],
      env: threadsFor(d),
    });
    const child = startChild({
      ...wrapped,
      cwd,
      stdio: { stdin: 'pipe', stdout: 'pipe', stderr: 'log' },
      log: {
        path: command.log,
        maxBytes: LOG_BYTES,
        after: command.logAfter,
        goesOn: begun.has(command.log),
      },
      graceSeconds: 1,
    });
    begun.add(command.log);
    const input = child.stdin as Writable;
    const answers = new ByteReader(child.stdout as Readable);
    input.write(encodeStreamHeader({ d, batchRows }));
    const opened: Opened[] = [];
    for (const at of checkpoints.keys()) {
      const place = { at, of: checkpoints.length };
      const { header, decoder } = await guarded(child, stallSeconds, readCodesHeader(answers, d, place));
      if (decoder.rowNorm && !command.mayNormalise) {
        await child.stop('the judge refuses it', 0);
        throw failure(child, null, `it says row_norm ${decoder.rowNorm}, which no run may`);
      }
      opened.push({ header, decoder });
    }
    return new Encoder(opened, child, answers, input, stallSeconds);
  }

  /** Of the first checkpoint, which is the only one unless more were given. */
  get header(): CodesHeader {
    return this.opened[0].header;
  }

  get decoder(): Decoder {
    return this.opened[0].decoder;
  }

  /**
   * Sends rows of activations. `x` must not change until its codes have been received, and the caller
   * limits how many batches are under way. Where the encoder ends meanwhile, `receive` throws the reason.
   */
  send(x: Float32Array, rows: number, index: number): void {
    // Does not wait for room in the pipe: an encoder whose output is full stops reading, and only `receive`
    // empties that output.
    this.input.write(encodeFrameHeader(rows, index));
    this.input.write(Buffer.from(x.buffer, x.byteOffset, rows * this.decoder.bias.length * 4));
  }

  /**
   * The codes of the next batch by a checkpoint, one for each form of its header. Of each batch those of all
   * checkpoints are received, in their order.
   */
  async receive(rows: number, { header }: Opened = this): Promise<SparseCodes[]> {
    const all: SparseCodes[] = [];
    for (const _ of header.forms) {
      all.push(await guarded(this.child, this.stallSeconds, readCodes(this.answers, rows, header.d_sae)));
    }
    return all;
  }

  /** Closes the encoder's input and waits until it exits. */
  async finish(): Promise<void> {
    this.input.end();
    const exit = await guarded(this.child, this.stallSeconds, this.child.done);
    if (exit.code !== 0) throw failure(this.child, exit, '');
  }

  async stop(): Promise<void> {
    await this.child.stop('the judge is done', 0);
  }
}

/**
 * Waits for an answer, for at most `seconds`. Invalid data or silence ends the child and throws one clear
 * line.
 */
async function guarded<T>(child: Child, seconds: number, answer: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const stalled = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new BadCodes(`it answered nothing for ${seconds} s`)), seconds * 1000);
  });
  try {
    return await Promise.race([answer, stalled]);
  } catch (error) {
    if (!(error instanceof BadCodes)) throw error;
    // A crash first shows as an early end of the output; on a busy machine the exit follows later.
    const exit = error instanceof EndedEarly ? await Promise.race([child.done, after(EXIT_MS)]) : null;
    if (!exit) await child.stop('the judge refuses it', 0);
    throw failure(child, exit, error.message);
  } finally {
    clearTimeout(timer);
  }
}

function after(ms: number): Promise<null> {
  return new Promise((resolve) => setTimeout(resolve, ms, null).unref());
}

/** The error of a failed encoder: its last words where it crashed, else what was wrong with its output. */
function failure(child: Child, exit: Exit | null, said: string): EncoderError {
  const crashed = exit && exit.code !== 0;
  const how = crashed ? `it ended with ${exit.signal ?? `exit code ${exit.code}`}` : said;
  const words = crashed ? lastWord(child.log?.lastLines(60) ?? [])?.slice(0, 500) : undefined;
  return new EncoderError(
    `the encoder failed: ${how}${words ? `: ${words}` : ''} (log: ${child.log?.path})`,
    exit?.code === BAD_INPUT ? BAD_INPUT : 1,
    words,
  );
}
