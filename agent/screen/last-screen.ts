import { existsSync } from 'node:fs';
import { join, relative } from 'node:path';
import type { Sprint } from '#contract/sprint';
import { homeOf } from '#host/worktree';
import { notebookPath, reportsDir } from '../common/paths.ts';
import type { Timer } from '../common/timer.ts';
import { PARTS } from '../common/timer.ts';
import { capital, count, duration, lostWords, plain, show } from '../common/words.ts';
import { worldWords } from '../common/worlds.ts';
import type { Config } from '../config/config.ts';
import type { Checkout } from '../git/run-branch.ts';
import type { Journal } from '../journal/journal.ts';
import { openSprints } from '../journal/state.ts';
import { lastAgain } from '../ledger/best-again.ts';
import { lacksCheck, NOT_MEASURED_AGAIN } from '../ledger/checked.ts';
import { declaredWords, NOT_OBSERVED } from '../ledger/declared.ts';
import { bestOf, type Ledger } from '../ledger/ledger.ts';
import { severalWords, table } from '../ledger/tables.ts';
import type { Connection } from '../researcher/connection.ts';
import { hintsLine, hintsNow } from './hints.ts';

/** The parts of the loop that this file uses. */
interface LoopParts {
  config: Config;
  connection: Connection;
  checkout: Checkout;
  journal: Journal;
  ledger: Ledger;
  timer: Timer;
}

/**
 * The lines printed when the loop ends: why it ended, the best verified and claimed numbers, where the files
 * are, and how to continue.
 */
export function lastScreen(loop: LoopParts, stopped: { reason: string }): string[] {
  const {
    config: { task, leaderboard },
    ledger,
    timer,
    connection,
    checkout: { branch },
  } = loop;
  const sprints = ledger.of(leaderboard);
  const mine = sprints.filter((s) => loop.journal.state().committed.some((c) => c.sprint === s.id));
  const { usd, held, workedBefore } = loop.journal.state();
  // Sprints and money are those of the whole loop; the timer began with its last start.
  const since = workedBefore > 0 ? `, since the last start ${duration(timer.total)}` : '';
  const spent = PARTS.filter((part) => part !== 'waiting' || timer.seconds.waiting > 0);
  const parts = spent.map((part) => `${part} ${duration(timer.seconds[part])}`).join(', ');
  const cut = held.usd >= 0.005 ? ` (and ${held.usd.toFixed(2)} reserved for calls that were cut off)` : '';
  const money = connection.kind === 'claude' ? `, ${usd.toFixed(2)} USD${cut}` : '';
  return [
    `Stopped: ${plain(stopped.reason)}.`,
    `${count(mine.length, 'sprint')} in ${duration(workedBefore + timer.total)}${money}${since}: ${parts}.`,
    '',
    ...overview(mine, loop),
    ...best(bestOf(sprints, leaderboard), sprints, loop),
    ...hints(loop),
    ...reports(loop, mine.at(-1)),
    `Branch:       ${branch.name}, one commit for each sprint; your own branch and files are unchanged`,
    `Look:         git log ${branch.name}     git diff ${branch.from}...${branch.name} -- ${task.contract.workspace}`,
    `Take over:    git merge ${branch.name}     or ${task.contract.workspace}/ of the best alone, as one commit: npm run adopt`,
    ...open(loop),
    'Continue:     npm run loop',
    ...(task.contract.title && connection.kind === 'offline'
      ? ['', `These results come from the ${connection.label}: a script that walks a fixed path.`]
      : []),
  ];
}

/** What became of the hints that were given. */
const hints = ({ config: { repo }, journal, ledger }: LoopParts): string[] =>
  hintsLine(hintsNow(repo, ledger.sprints, journal.state())).map((line) => `Hints:        ${line}`);

/** The open sprints that the next start continues. */
const open = ({ journal }: LoopParts): string[] =>
  openSprints(journal.state()).flatMap(({ number, claim }) =>
    claim
      ? `Open:         sprint ${number}: ${plain(claim.title)}; the next start continues it, and a run from what it saved last`
      : [],
  );

function overview(sprints: readonly Sprint[], { config: { task } }: LoopParts): string[] {
  if (sprints.length === 0) return [];
  const { metric, also } = task.contract;
  const fields = [metric, ...also.slice(0, 1)];
  const confirmed = sprints.some((s) => s.confirmed);
  const rows = sprints.map((s) => [
    String(s.number),
    plain(s.title),
    s.outcome,
    ...fields.map((f) => show(s.verdict?.metrics[f])),
    ...(confirmed ? [severalWords(s.confirmed?.candidate, metric)] : []),
  ]);
  const head = ['#', 'sprint', 'outcome', ...fields, ...(confirmed ? [`confirmed ${metric}`] : [])];
  const lines = table(head, rows).split('\n');
  return [...aligned(lines), ''];
}

/** A Markdown table with its columns padded, for a terminal. */
function aligned(lines: string[]): string[] {
  const rows = lines.filter((_, i) => i !== 1).map((line) => line.slice(2, -2).split(' | '));
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(...rows.map((row) => (row[column] ?? '').length)),
  );
  return rows.map((row) => `  ${row.map((cell, i) => cell.padEnd(widths[i] ?? 0)).join('  ')}`.trimEnd());
}

function best(
  sprint: Sprint | undefined,
  sprints: readonly Sprint[],
  { config: { task, profileName } }: LoopParts,
): string[] {
  if (!sprint?.verdict) return ['Best:         none yet'];
  const { metric, also } = task.contract;
  const { metrics } = sprint.verdict;
  const numbers = [metric, ...also].filter((f) => metrics[f] !== undefined);
  const list = (fields: string[]) =>
    fields.map((f) => `${f.length <= 4 ? f.toUpperCase() : f} ${show(metrics[f])}`).join(', ');
  const words = (numbers: Record<string, number>, most: number) =>
    Object.entries(numbers)
      .slice(0, most)
      .map(([name, value]) => `${plain(name)} ${show(value)}`)
      .join(', ') || 'nothing';
  const again = lastAgain(sprint, sprints);
  const worlds = worldWords(sprint.verdict);
  const trainer = sprint.runs.find((run) => run.id === sprint.candidate)?.claimed ?? {};
  return [
    `Best:         ${list(numbers.slice(0, 2))} (verified, profile ${profileName}), sprint ${sprint.number}: ${plain(sprint.title)}`,
    ...(sprint.confirmed
      ? [
          `Confirmed:    ${metric.length <= 4 ? metric.toUpperCase() : metric} ${severalWords(sprint.confirmed.candidate, metric)} on ${worlds.secrets}`,
        ]
      : []),
    ...(again
      ? [`Trained again: it ${lostWords(again.loss)} in the mean of ${again.n} on the same worlds and seeds`]
      : []),
    ...(sprint.checked ? ['Measured again: it holds at the end of the night'] : []),
    ...(lacksCheck(sprint)
      ? [`${capital(NOT_MEASURED_AGAIN)}: the confirmed number is that of its confirming alone`]
      : []),
    ...(sprint.inFull ? [`In full:      ${words(sprint.inFull.metrics, 2)} on a ${worlds.secret}`] : []),
    `Claimed:      ${words(sprint.predicted, 2)} predicted; ${words(trainer, 3)} by the trainer`,
    `Verified:     ${words(sprint.verdict.metrics, 4)} by the judge, on ${worlds.rows}`,
    `Declared:     ${plain(declaredWords(sprint.verdict))} (${NOT_OBSERVED})`,
    ...(sprint.verdict.remarks ?? []).map((remark) => `Remark:       ${plain(remark)}`),
    'Look at it:   npm run best',
  ];
}

function reports({ config: { repo } }: LoopParts, last: Sprint | undefined): string[] {
  const folder = relative(homeOf(repo), reportsDir(repo));
  if (!last) return [];
  const forms = ['html', 'pdf', 'md'].filter((form) =>
    existsSync(join(reportsDir(repo), `${last.id}.${form}`)),
  );
  const notebook = existsSync(notebookPath(repo)) ? `${folder}/index.html (notebook), ` : '';
  return [`Reports:      ${notebook}${folder}/<sprint>.{${forms.join(',')}}`];
}
