import type { LoggedEvent } from '#contract/event';
import type { StopCode } from '#contract/stop';
import { redact } from '../common/redact.ts';
import { duration, show } from '../common/words.ts';
import type { Config } from '../config/config.ts';
import type { Checkout } from '../git/run-branch.ts';
import type { Journal } from '../journal/journal.ts';

/** The parts of the loop that this file uses. */
interface LoopParts {
  config: Config;
  checkout: Checkout;
  journal: Journal;
}

/** One message of `--notify`, as JSON. */
export interface News {
  event: 'new-best' | 'stop' | 'trouble';
  /** One line for a person. */
  text: string;
  at: string;
  task: string;
  branch: string;
  profile: string;
  sprint: string | null;
  /** Verified numbers of a new best. */
  metrics: Record<string, number> | null;
  /** Of a stop: why the loop ended (contract/stop.ts). */
  code: StopCode | null;
  exitCode: number | null;
  /** Spent by this loop so far. */
  usd: number;
}

/** A shorter wait is not reported as trouble. */
const LONG_WAIT_SECONDS = 60;

/** The message that an event is worth; null for an event that needs no notification. */
export function newsOf(loop: LoopParts, event: LoggedEvent): News | null {
  const {
    config: { task, profileName },
    checkout: { branch },
    journal,
  } = loop;
  const open = journal.state().sprints[event.researcherId];
  const news = (kind: News['event'], text: string, more: Partial<News> = {}): News => ({
    event: kind,
    text: redact(text),
    at: event.at,
    task: task.contract.title,
    branch: branch.name,
    profile: profileName,
    sprint: open?.claim?.id ?? null,
    metrics: null,
    code: null,
    exitCode: null,
    usd: journal.state().usd,
    ...more,
  });
  switch (event.type) {
    case 'sprint.closed': {
      if (event.outcome !== 'new-best') return null;
      const { sprint, metrics, number, reason } = event;
      const { metric } = task.contract;
      const title = open?.claim?.title ?? sprint;
      const text = `New best, ${metric} ${show(metrics[metric])} verified: sprint ${number}, ${title} (${reason})`;
      return news('new-best', text, { sprint, metrics });
    }
    case 'loop.stopped':
      return news('stop', `Stopped: ${event.reason}`, { code: event.code ?? null, exitCode: event.exitCode });
    case 'loop.notice':
      return event.level === 'warn' ? news('trouble', event.text) : null;
    case 'loop.waiting':
      return event.seconds < LONG_WAIT_SECONDS
        ? null
        : news('trouble', `Waiting for ${duration(event.seconds)}: ${event.reason}`);
    default:
      return null;
  }
}
