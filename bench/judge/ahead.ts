import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { UserError } from '#contract/errors';
import { MEASURE } from '#contract/judge-ahead';

/** How often a judge that was begun ahead looks for new snapshots, in milliseconds. */
const LOOK_MS = 100;

/** Resolves when the caller asks for the measurement. @throws UserError where the caller ends without that */
export async function whenAsked(input: NodeJS.ReadableStream = process.stdin): Promise<void> {
  const said = await text(input).catch(() => '');
  if (said !== MEASURE) throw new UserError('nothing is measured: the caller has ended before it asked', 1);
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
