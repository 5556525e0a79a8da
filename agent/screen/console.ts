import { relative } from 'node:path';
import type { LoggedEvent } from '#contract/event';
import type { Role } from '#contract/run';
import { homeOf } from '#host/worktree';
import { clock, zone } from '../common/clock.ts';
import { sprintDir } from '../common/paths.ts';
import type { Timer } from '../common/timer.ts';
import { count, cut, duration, firstLine, many, plain, show } from '../common/words.ts';
import type { Config } from '../config/config.ts';
import type { Checkout } from '../git/run-branch.ts';
import type { Journal } from '../journal/journal.ts';
import { declaredWords, NOT_OBSERVED } from '../ledger/declared.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { readSprintRun } from '../ledger/run-folder.ts';
import { outOfProportion, timeNow } from '../ledger/time-against.ts';
import type { Connection } from '../researcher/connection.ts';
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

const ROLES: Record<Role, string> = {
  incumbent: " (the best's, to compare with)",
  repeat: ' (the candidate, on a second seed)',
};

/** Where the console writes: standard output, or a test. */
export interface Terminal {
  isTTY: boolean;
  columns: number;
  write(text: string): void;
}

/** The folder of a sprint, relative to the user's checkout. */
const folderOf = ({ config: { repo } }: LoopParts, sprint: string) =>
  relative(homeOf(repo), sprintDir(repo, sprint));

const PLAIN_PROGRESS_MS = 5000;

/**
 * Prints the events: a headline for each sprint, a line for what matters in it, a progress bar for the
 * current run. On a terminal the last line is redrawn; otherwise progress is a plain line every few seconds.
 * Text from outside (the researcher, a trainer, the API) loses its terminal control sequences first.
 */
export function consoleOver(loop: LoopParts, terminal: Terminal = stdout()): (event: LoggedEvent) => void {
  const bold = (text: string) => (terminal.isTTY ? `\x1b[1m${text}\x1b[22m` : text);
  const dim = (text: string) => (terminal.isTTY ? `\x1b[2m${text}\x1b[22m` : text);
  // A terminal that does not know its width says 0.
  const width = () => terminal.columns || 80;
  /** The first line of a text: cut to the remaining width on a terminal, whole in a log. */
  const sentence = (text: string, taken: number) =>
    cut(firstLine(text), terminal.isTTY ? width() - taken : Number.POSITIVE_INFINITY);
  let live = false;
  let lastProgress = 0;

  const line = (text: string) => {
    if (live) terminal.write('\r\x1b[K');
    live = false;
    terminal.write(`${text}\n`);
  };
  const redraw = (text: string) => {
    terminal.write(`\r\x1b[K${text.slice(0, width() - 1)}`);
    live = true;
  };
  const step = (text: string) => line(`  ${text}`);

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
      case 'sprint.claimed':
        line('');
        line(bold(`Sprint ${event.number}: ${plain(event.title)}`));
        step(dim(`${clock(event.at)} ${plain(folderOf(loop, event.sprint))}/`));
        return;
      case 'turn.finished':
        if (firstLine(event.text) !== '') step(dim(sentence(event.text, 4)));
        return;
      case 'tool.finished':
        if (!event.ok)
          step(dim(`${plain(event.name)} was refused: ${plain(event.reason ?? 'unknown reason')}`));
        return;
      case 'run.started':
        lastProgress = Date.now();
        step(`run ${plain(event.run)}${event.role ? ROLES[event.role] : ''}`);
        return;
      case 'run.progress': {
        const share = event.totalSamples > 0 ? Math.min(1, event.samples / event.totalSamples) : 0;
        const rate = `${many(event.samplesPerSecond)} samples/s`;
        const text = `${Math.round(share * 100)}% of ${many(event.totalSamples)} samples · ${rate} · ${duration(event.etaSeconds)} left`;
        if (terminal.isTTY) redraw(`  ${bar(share)} ${text}`);
        else if (Date.now() - lastProgress >= PLAIN_PROGRESS_MS) {
          lastProgress = Date.now();
          step(text);
        }
        return;
      }
      case 'run.finished':
        step(
          `${plain(event.status)} after ${duration(event.seconds)}${event.reason ? `: ${plain(event.reason)}` : ''}`,
        );
        return;
      case 'verdict.given': {
        const { metric, also } = loop.config.task.contract;
        const fields = [metric, ...also.slice(0, 3)].filter((f) => event.verdict.metrics[f] !== undefined);
        step(`verified ${fields.map((f) => `${f} ${show(event.verdict.metrics[f])}`).join(', ')}`);
        step(dim(`${NOT_OBSERVED}: ${plain(declaredWords(event.verdict))}`));
        const run = readSprintRun(loop.config.repo, event.verdict.run);
        const slow = run && outOfProportion(timeNow(run, loop.ledger.of(loop.config.leaderboard)));
        if (slow) step(`! ${slow}`);
        return;
      }
      case 'confirm.started':
        step(
          `to be confirmed on secret worlds: ${event.best === null ? `${count(event.pairs, 'run')}` : `candidate and best in up to ${count(event.pairs, 'pair')}`}`,
        );
        return;
      case 'confirm.measured': {
        const { metric } = loop.config.task.contract;
        const gave = event.value === null ? 'no result' : `${metric} ${show(event.value)}`;
        step(`secret world ${event.draw}, ${event.of}: ${gave} (${duration(event.seconds)})`);
        return;
      }
      case 'confirm.finished':
        step(`${event.result}: ${plain(event.reason)}`);
        return;
      case 'sprint.closed':
        step(`${bold(event.outcome)}: ${plain(event.reason)}`);
        return;
      case 'report.rendered':
        if (event.trouble) step(`report: ${plain(event.trouble)}`);
        return;
      case 'sprint.committed': {
        const usd = loop.journal.state().usd;
        const money = usd > 0 ? ` · ${usd.toFixed(2)} USD so far` : '';
        step(dim(`reports/${plain(event.sprint)}.html · commit ${event.commit.slice(0, 9)}${money}`));
        return;
      }
      case 'loop.waiting':
        step(`waiting ${duration(event.seconds)}: ${plain(event.reason)}`);
        return;
      case 'loop.paused':
        step('paused: no call and no run until "npm run resume"; the time limits continue to count');
        return;
      case 'loop.continued':
        step('continued');
        return;
      case 'sprint.capped':
        step(`asked to finish the sprint: ${plain(event.reason)}`);
        return;
      case 'speed.measured':
        step(`this machine: ${many(event.samplesPerSecond)} samples/s (speed probe, ${event.experiment})`);
        return;
      case 'loop.notice':
        step(event.level === 'warn' ? `! ${plain(event.text)}` : plain(event.text));
        return;
      case 'hint.given':
        step(`hint passed on: ${sentence(event.text, 20)}`);
        return;
      case 'loop.stopped':
        line('');
        for (const text of lastScreen(loop, event)) line(text);
        return;
      case 'sprint.opened':
      case 'sprint.dropped':
      case 'turn.started':
      case 'run.reserved':
      case 'run.released':
      case 'turn.searching':
      case 'turn.failed':
        return;
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

const bar = (share: number) => {
  const full = Math.round(share * 20);
  return `${'█'.repeat(full)}${'░'.repeat(20 - full)}`;
};
