import type { Several } from '#contract/confirmed';
import type { Role } from '#contract/run';
import { pairsOf } from '#contract/settings';
import type { Sprint, SprintRun } from '#contract/sprint';
import type { TaskContract } from '#contract/task-contract';
import { show } from '../common/words.ts';
import { declaredBy, declaredWords, NOT_OBSERVED, observedWords } from './declared.ts';
import { outOfProportion, type TimeAgainst, timeOfCandidate } from './time-against.ts';

/**
 * Formats a Markdown table; cells become one line and their bars are escaped. Number columns are aligned
 * right.
 */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const row = (cells: readonly string[]) =>
    `| ${cells.map((cell) => cell.replace(/\s+/g, ' ').replaceAll('|', '\\|')).join(' | ')} |`;
  const rule = head.map((_, column) =>
    isNumeric(rows.map((cells) => cells[column] ?? '')) ? '---:' : '---',
  );
  return [row(head), row(rule), ...rows.map(row)].join('\n');
}

const NUMBER = /^[-+]?\d+(\.\d+)?(e[-+]?\d+)?$/;

/** Whether every non-empty cell of a column is a number. */
const isNumeric = (cells: readonly string[]) =>
  cells.some((cell) => cell !== '') && cells.every((cell) => cell === '' || NUMBER.test(cell));

const ROLES: Record<Role, string> = {
  incumbent: "the best's, again",
  repeat: 'the candidate, again',
};

const started = (from: string | undefined) =>
  from === undefined ? '' : ` (from the weights of ${from}; ${NOT_OBSERVED})`;

/** A time that is out of proportion, in brackets. */
const slow = (time: TimeAgainst | null) => {
  const words = outOfProportion(time);
  return words === null ? '' : ` (${words})`;
};

const named = (numbers: Record<string, number>) =>
  Object.entries(numbers)
    .map(([name, value]) => `${name} ${show(value)}`)
    .join(', ');

/** The mean of several runs on secret worlds with their deviation: "0.884 ± 0.008 (n 5)". */
export function severalWords(several: Several | undefined, metric: string): string {
  const mean = several?.mean[metric];
  if (!several || mean === undefined) return '';
  const deviation = several.deviation[metric];
  return `${show(mean)}${deviation === undefined ? '' : ` ± ${show(deviation)}`} (n ${several.n})`;
}

/**
 * The ledger for the researcher: a line for each of the sprints, with the verified numbers of its candidate.
 * `board`: all sprints of the leaderboard.
 */
export function ledgerTable(
  sprints: readonly Sprint[],
  { metric, also }: TaskContract,
  board: readonly Sprint[] = sprints,
): string {
  if (sprints.length === 0) return 'No sprint has been closed on this leaderboard yet.';
  const fields = [metric, ...also];
  const confirmed = sprints.some((s) => s.confirmed);
  return table(
    [
      '#',
      'id',
      'title',
      'outcome',
      ...fields,
      ...(confirmed ? [`confirmed ${metric}`] : []),
      'predicted',
      'reason',
    ],
    sprints.map((s) => [
      String(s.number),
      s.id,
      s.title,
      (s.change.kept && s.change.infrastructure ? `${s.outcome} (infrastructure kept)` : s.outcome) +
        started(s.verdict?.from) +
        slow(timeOfCandidate(s, board)),
      ...fields.map((field) => show(s.verdict?.metrics[field])),
      ...(confirmed ? [severalWords(s.confirmed?.candidate, metric)] : []),
      named(s.predicted),
      s.reason,
    ]),
  );
}

/**
 * A table of runs: the trainer's claimed numbers, the last measured snapshot, and the verdict where there is
 * one. `timeOf`: their time against the best's.
 */
export function runsTable(
  runs: readonly SprintRun[],
  { metric, also }: TaskContract,
  timeOf: (run: SprintRun) => TimeAgainst | null = () => null,
): string {
  if (runs.length === 0) return 'No run yet.';
  const fields = [metric, ...also];
  return table(
    ['run', 'experiment', 'set', 'samples', 'seed', 'status', 'claimed', 'measured', 'verified'],
    runs.map((run) => [
      run.id,
      (run.role ? `${run.experiment} (${ROLES[run.role]})` : run.experiment) + started(run.from),
      pairsOf(run.settings).join(' '),
      String(run.samples),
      String(run.seed),
      (run.reason ? `${run.status}: ${run.reason}` : run.status) + slow(timeOf(run)),
      named(run.claimed),
      named(pick(run.evals.at(-1)?.metrics, fields)),
      named(pick(run.verdict?.metrics, fields)),
    ]),
  );
}

/** All details of one run. `time`: that against the best's. */
export function runDetails(run: SprintRun, contract: TaskContract, time: TimeAgainst | null = null): string {
  const fields = [contract.metric, ...contract.also];
  const parts = [runsTable([run], contract, () => time)];
  if (run.seconds !== null)
    parts.push(`${show(run.seconds)} s, ${show(run.samplesPerSecond ?? undefined)} samples/s`);
  if (run.verdict) parts.push(`Observed: ${observedWords(run.verdict)}`);
  parts.push(`Declared, not observed: ${declaredWords(declaredBy(run))}`);
  for (const remark of run.verdict?.remarks ?? []) parts.push(`The judge's remark: ${remark}`);
  if (run.evals.length > 0) {
    const rows = run.evals.map((e) => [String(e.samples), ...fields.map((field) => show(e.metrics[field]))]);
    parts.push(
      `Measured snapshots (on few fresh samples, so noisier than a verdict):\n${table(['samples', ...fields], rows)}`,
    );
  }
  const last = run.curve.at(-1);
  if (last) {
    const every = run.curve.filter(
      (_, i) => i % Math.ceil(run.curve.length / 10) === 0 || i === run.curve.length - 1,
    );
    const names = Object.keys(last.values);
    const rows = every.map((p) => [String(p.samples), ...names.map((name) => show(p.values[name]))]);
    parts.push(`Claimed by the trainer during training:\n${table(['samples', ...names], rows)}`);
  }
  if (run.verdict) parts.push(`Verdict: ${named(run.verdict.metrics)}`);
  return parts.join('\n\n');
}

const pick = (metrics: Record<string, number> | undefined, fields: readonly string[]) =>
  Object.fromEntries(fields.flatMap((f) => (metrics?.[f] === undefined ? [] : [[f, metrics[f]]])));
