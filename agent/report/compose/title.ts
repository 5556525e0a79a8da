import type { Sprint } from '#contract/sprint';
import { dateTime, duration, money } from '../document/names.ts';
import type { Badge, Block } from '../document/tree.ts';
import type { Context } from './context.ts';
import { doubts } from './observed.ts';
import { endingOf } from './outcome.ts';

/** Title, date, size and cost in one line, and how the sprint ended. */
export function titleBlock(context: Context): Block {
  const { sprint, task } = context;
  const { words, tone } = endingOf(context);
  const badges: Badge[] = [{ v: words, tone }];
  badges.push({
    v: sprint.researcher.label,
    tone: sprint.researcher.kind === 'offline' ? 'warn' : 'neutral',
  });
  badges.push(...doubts(context));
  if (sprint.sandbox !== 'bubblewrap') badges.push({ v: 'sandbox off', tone: 'warn' });
  return {
    t: 'title',
    kicker: `Sprint report · ${task.contract.title} · profile ${sprint.profile}`,
    title: `Sprint ${sprint.number}: ${sprint.title}`,
    facts: [
      dateTime(sprint.openedAt),
      `${sprint.runs.length} ${sprint.runs.length === 1 ? 'run' : 'runs'}`,
      `${duration(sprint.cost.trainSeconds)} ${onGpu(sprint) ? 'of GPU training' : 'of CPU training'}`,
      money(sprint.cost.usd),
    ],
    badges,
  };
}

export const onGpu = (sprint: Sprint) => sprint.runs.some((run) => /gpu|cuda|metal/i.test(run.backend ?? ''));
