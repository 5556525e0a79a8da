import { relative } from 'node:path';
import type { LoggedEvent } from '#contract/event';
import { homeOf } from '#host/worktree';
import { clock, zone } from '../common/clock.ts';
import { sprintDir } from '../common/paths.ts';
import type { Timer } from '../common/timer.ts';
import { count, duration } from '../common/words.ts';
import type { Config } from '../config/config.ts';
import type { Checkout } from '../git/run-branch.ts';
import type { Journal } from '../journal/journal.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { readSprintRun } from '../ledger/run-folder.ts';
import { outOfProportion, timeNow } from '../ledger/time-against.ts';
import type { Connection } from '../researcher/connection.ts';
import { eventLines, linesOn, type Terminal } from './event-lines.ts';
import { lastScreen } from './last-screen.ts';

/** The parts of the loop that this file uses. */
interface LoopParts {
  config: Config;
  connection: Connection;
  checkout: Checkout;
  journal: Journal;
  ledger: Ledger;
  timer: Timer;
}

/** The folder of a sprint, relative to the user's checkout. */
const folderOf = ({ config: { repo } }: LoopParts, sprint: string) =>
  relative(homeOf(repo), sprintDir(repo, sprint));

/**
 * Prints the events of the loop in this process: its start, its sprints, and at the end the last screen.
 */
export function consoleOver(loop: LoopParts, terminal: Terminal = stdout()): (event: LoggedEvent) => void {
  const lines = linesOn(terminal);
  const { bold, dim, line } = lines;
  const tell = eventLines(
    {
      // TASK.md may be edited while the loop runs: another configuration is in its place then.
      get contract() {
        return loop.config.task.contract;
      },
      folder: (sprint) => folderOf(loop, sprint),
      slow: (id) => {
        const run = readSprintRun(loop.config.repo, id);
        return run && outOfProportion(timeNow(run, loop.ledger.of(loop.config.leaderboard)));
      },
      offline: () => loop.connection.kind === 'offline',
      usd: () => loop.journal.state().usd,
    },
    terminal,
    lines,
  );

  return (event) => {
    switch (event.type) {
      case 'loop.started': {
        const { usd, sprints, until } = loop.config.limits;
        line(bold(loop.config.task.contract.title));
        line(
          `profile ${event.profile} (leaderboard ${event.leaderboard}) · ${event.researcher} · sandbox ${event.sandbox}`,
        );
        line(
          `branch ${event.branch}${event.resumed ? `, continued after ${duration(loop.config.takenUp?.seconds ?? 0)} of running time` : ''}, in a worktree of its own`,
        );
        const money =
          loop.connection.kind === 'offline'
            ? 'costs nothing'
            : usd === null
              ? 'no money limit'
              : `at most ${usd} USD`;
        line(
          dim(
            `until ${clock(until)} (${zone(until)}) · ${sprints === null ? 'any number of sprints' : count(sprints, 'sprint')} · ${money} · Ctrl-C ends the loop after the turn and saves a run under way`,
          ),
        );
        return;
      }
      case 'loop.stopped':
        line('');
        for (const text of lastScreen(loop, event)) line(text);
        return;
      default:
        tell(event);
    }
  };
}

function stdout(): Terminal {
  const { stdout } = process;
  return {
    isTTY: stdout.isTTY === true && process.env.TERM !== 'dumb' && process.env.NO_COLOR === undefined,
    columns: stdout.columns || 80,
    write: (text) => stdout.write(text),
  };
}
