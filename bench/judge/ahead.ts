import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { UserError } from '#contract/errors';
import { MEASURE } from '#contract/judge-ahead';

/** How often a judge that was begun ahead looks for new snapshots, in milliseconds. */
const LOOK_MS = 100;

/** Resolves when the caller asks for the measurement. @throws UserError where the caller ends without that */
export async function whenAsked(input: NodeJS.ReadableStream = process.stdin): Promise<void> {
  const said = await text(input).catch(() => '');
  if (said !== MEASURE) throw new UserError('there is no verdict: the caller has ended before it asked', 1);
}

/** The question that a judge waits for before it says what it measured, and writes it. */
export class Question {
  /** Seconds that nothing was left to do but to wait for it. */
  waited = 0;

  constructor(
    readonly asked: Promise<void>,
    private readonly now = () => performance.now(),
  ) {
    // Its error is thrown where it is waited for.
    asked.catch(() => {});
  }

  /** What `work` gives, which does not wait for the question. @throws where the caller ends before that */
  async meanwhile<T>(work: Promise<T>): Promise<T> {
    return Promise.race([work, this.asked.then(() => work)]);
  }

  /** Resolves when it is asked. @throws where the caller ends without that */
  async wait(): Promise<void> {
    const began = this.now();
    await this.asked;
    this.waited += (this.now() - began) / 1000;
  }
}

/** What there is now; where `asked` is given, also what comes until it resolves. @throws what `asked` does */
export async function* untilAsked<T>(
  lookUp: () => T,
  asked: Promise<void> | null,
  wait: () => Promise<void> = () => sleep(LOOK_MS),
): AsyncGenerator<T> {
  let isLast = asked === null;
  const end = asked?.then(() => {
    isLast = true;
  });
  for (;;) {
    const last = isLast;
    yield lookUp();
    if (last) return;
    await Promise.race([end, wait()]);
  }
}
