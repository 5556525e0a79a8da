import type { LoggedEvent } from '#contract/event';
import { FIRST_RESEARCHER, type Role } from '#contract/run';
import type { TaskContract } from '#contract/task-contract';
import { clock } from '../common/clock.ts';
import { count, cut, duration, firstLine, many, pace, plain, show } from '../common/words.ts';
import { declaredWords, NOT_OBSERVED } from '../ledger/declared.ts';
import { bar, hanging } from './columns.ts';
import { NO_HINTS } from './hints.ts';

/** Where lines are written: standard output, or a test. */
export interface Terminal {
  isTTY: boolean;
  columns: number;
  write(text: string): void;
}

/** What the lines about a sprint need of its loop, which may run in another process. */
export interface Told {
  contract: Pick<TaskContract, 'metric' | 'also' | 'secret'>;
  /** The folder of a sprint, as a person would name it. */
  folder(sprint: string): string;
  /** Why a judged run's time is out of proportion; null where it is not, or where nobody knows. */
  slow?(run: string): string | null;
  /** Whether the researcher is the offline replay. */
  offline(): boolean;
  /** What the loop has spent so far. */
  usd(): number;
}

const ROLES: Record<Role, string> = {
  incumbent: " (the best's, to compare with)",
  repeat: ' (the candidate, on a second seed)',
};

const PLAIN_PROGRESS_MS = 5000;

/** Lines on a terminal. */
export interface Lines {
  bold(text: string): string;
  dim(text: string): string;
  line(text: string): void;
  /** A line that the next one replaces. */
  redraw(text: string): void;
  width(): number;
}

export function linesOn(terminal: Terminal): Lines {
  // A terminal that does not know its width says 0.
  const width = () => terminal.columns || 80;
  let live = false;
  return {
    bold: (text) => (terminal.isTTY ? `\x1b[1m${text}\x1b[22m` : text),
    dim: (text) => (terminal.isTTY ? `\x1b[2m${text}\x1b[22m` : text),
    width,
    line(text) {
      if (live) terminal.write('\r\x1b[K');
      live = false;
      terminal.write(`${terminal.isTTY ? hanging(text, width()) : text}\n`);
    },
    redraw(text) {
      terminal.write(`\r\x1b[K${text.slice(0, width() - 1)}`);
      live = true;
    },
  };
}

/**
 * Prints what happens in sprints: a headline for each, a line for what matters in it, a progress bar for the
 * current run. On a terminal the last line is redrawn; otherwise progress is a plain line every few seconds.
 * Text from outside (the researcher, a trainer, the API) loses its terminal control sequences first.
 */
export function eventLines(
  of: Told,
  terminal: Terminal,
  lines: Lines = linesOn(terminal),
): (event: LoggedEvent) => void {
  const { bold, dim, line, redraw, width } = lines;
  /** The first line of a text: cut to the remaining width on a terminal, whole in a log. */
  const sentence = (text: string, taken: number) =>
    cut(firstLine(text), terminal.isTTY ? width() - taken : Number.POSITIVE_INFINITY);
  let lastProgress = 0;
  // Each line says whose it is once a second researcher was heard of.
  let several = false;
  let who = '';
  const step = (text: string) => line(`  ${who}${text}`);

  return (event) => {
    several ||= event.researcherId !== FIRST_RESEARCHER;
    who = several ? `${event.researcherId.replace('researcher-', '#')} ` : '';
    switch (event.type) {
      case 'sprint.claimed':
        line('');
        line(bold(`${who}Sprint ${event.number}: ${plain(event.title)}`));
        step(dim(`${clock(event.at)} ${plain(of.folder(event.sprint))}/`));
        for (const { answer, text } of event.hintAnswers ?? [])
          step(`${answer === 'follow' ? 'follows' : 'declines'} the hint: ${sentence(text, 24)}`);
        return;
      case 'turn.finished':
        if (firstLine(event.text) !== '') step(dim(sentence(event.text, 4)));
        return;
      case 'tool.finished':
        if (!event.ok)
          step(dim(`${plain(event.name)} was refused: ${plain(event.reason ?? 'unknown reason')}`));
        return;
      case 'note.taken':
        step(dim(sentence(`${event.note.id} (${event.note.kind}): ${event.note.text}`, 4)));
        return;
      case 'run.started':
        lastProgress = Date.now();
        step(`run ${plain(event.run)}${event.role ? ROLES[event.role] : ''}`);
        return;
      case 'run.waiting':
        step(dim(event.reason === null ? 'training' : `in the queue: ${plain(event.reason)}`));
        return;
      case 'run.progress': {
        const share = event.totalSamples > 0 ? Math.min(1, event.samples / event.totalSamples) : 0;
        const text = `${Math.round(share * 100)}% of ${many(event.totalSamples)} samples · ${pace(event)}`;
        if (terminal.isTTY) redraw(`  ${who}${bar(share)} ${text}`);
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
        const { metric, also } = of.contract;
        const fields = [metric, ...also.slice(0, 3)].filter((f) => event.verdict.metrics[f] !== undefined);
        step(`verified ${fields.map((f) => `${f} ${show(event.verdict.metrics[f])}`).join(', ')}`);
        step(dim(`${NOT_OBSERVED}: ${plain(declaredWords(event.verdict))}`));
        const slow = of.slow?.(event.verdict.run);
        if (slow) step(`! ${slow}`);
        return;
      }
      case 'confirm.started':
        step(
          `to be confirmed on ${of.contract.secret.many}: ${event.best === null ? count(event.pairs, 'run') : `candidate and best in up to ${count(event.pairs, 'pair')}`}`,
        );
        return;
      case 'confirm.measured': {
        // No number: a researcher may read what the screen shows, and the numbers of each world are secret.
        const gave = event.value === null ? 'no result' : 'measured';
        step(`${of.contract.secret.one}, ${event.of}: ${gave} (${duration(event.seconds)})`);
        return;
      }
      case 'confirm.finished':
        step(`${event.result}: ${plain(event.reason)}`);
        return;
      case 'sprint.closed':
        step(`${bold(event.outcome)}: ${plain(event.reason)}`);
        return;
      case 'sprint.checked':
        step(`${bold(event.outcome)}: ${plain(event.reason)}`);
        return;
      case 'report.rendered':
        if (event.trouble) step(`report: ${plain(event.trouble)}`);
        return;
      case 'sprint.committed': {
        const usd = of.usd();
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
        if (of.offline()) step(NO_HINTS);
        return;
      default:
        return;
    }
  };
}
