import { setTimeout as sleep } from 'node:timers/promises';
import { duration } from '../common/words.ts';
import { limitsInWords } from '../config/limits.ts';
import { money } from '../start/dry.ts';
import type { Plan } from '../start/preflight.ts';
import { abortable } from './interrupt.ts';

const SECONDS = 10;

/**
 * Prints what the night may cost, before the first paid call. On a terminal it then waits some seconds. False
 * if Ctrl-C (or SIGTERM) came in that time; nothing was written or paid then.
 */
export async function offer(plan: Plan, out: Pick<NodeJS.WriteStream, 'isTTY' | 'write'>): Promise<boolean> {
  if (plan.researcher !== 'claude') return true;
  out.write(`Limits: ${limitsInWords(plan.limits)}\nMoney: ${money(plan)}\n${takenUpInWords(plan)}`);
  if (!out.isTTY) return true;
  return abortable(async (signal) => {
    // Printed only now that Ctrl-C is handled.
    out.write(`The first paid call is made in ${SECONDS} s. Until then Ctrl-C stops the loop at no cost.\n`);
    await sleep(SECONDS * 1000, undefined, { signal }).catch(() => {});
    if (signal.aborted) out.write('Stopped: nothing was written and nothing was paid.\n');
    return !signal.aborted;
  });
}

/** What a loop that is taken up has used already: a restart after a crash does not reset its limits. */
function takenUpInWords({ takenUp, asked }: Plan): string {
  if (!takenUp) return '';
  const hours = asked.until ? '' : `${duration(takenUp.seconds)} of the hours and `;
  return `Continued: a loop that was cut off. Of these limits it has used ${hours}${takenUp.usd.toFixed(2)} USD (raise them with --max-usd, --until or TASK.md).\n`;
}
