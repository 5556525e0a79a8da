import type { Combining } from '#contract/combining';
import { pairsOf } from '#contract/settings';
import type { Sprint, SprintRun } from '#contract/sprint';
import type { Verdict } from '#contract/verdict';
import type { Cell } from '../common/csv.ts';
import { lacksCheck, NOT_MEASURED_AGAIN } from './checked.ts';
import { declaredBy, observedName } from './declared.ts';
import { type TimeAgainst, timeOfCandidate } from './time-against.ts';

/** A run or a sprint as one flat record, for tables of programs. */
export type Row = Record<string, Cell>;

/** Numbers by whose word they are; the columns stand in this order behind those that have no such word. */
const GROUPS = [
  ...['set_', 'predicted_', 'claimed_', 'measured_', 'verified_', 'confirmed_', 'best_before_'],
  ...['observed_', 'declared_'],
];

/** A run, and what is known of it from outside its folder. */
export interface KnownRun {
  run: SprintRun;
  profile: string;
  sprint: Pick<Sprint, 'id' | 'candidate' | 'verdict'> | null;
  time: TimeAgainst | null;
}

/**
 * A run as a row. Its numbers have the word in front that says whose they are: `claimed_loss`, `verified_f1`,
 * `observed_samples`, `declared_learning_rate`. What is declared was not observed.
 */
export function runRow({ run, profile, sprint, time }: KnownRun): Row {
  const isCandidate = sprint !== null && sprint.candidate === run.id;
  const verdict = (isCandidate ? sprint.verdict : null) ?? run.verdict;
  const { declared, from } = declaredBy({ ...run, verdict });
  const { rows_served, ...observed } = verdict?.observed ?? {};
  const rows = run.rowsServed ?? rows_served;
  return {
    ...{ run: run.id, sprint: sprint?.id ?? null, candidate: isCandidate, profile },
    ...{ experiment: run.experiment, set: pairsOf(run.settings).join(' ') },
    ...{ seed: run.seed, samples: run.samples, tree: run.tree, role: run.role ?? null },
    ...{ status: run.status, ended_by: run.endedBy ?? null, reason: run.reason },
    ...{ started_at: run.startedAt ?? null, seconds: run.seconds, samples_per_second: run.samplesPerSecond },
    ...{ times_best: time && Number(time.times.toFixed(3)), verdict: verdict?.kind ?? null },
    ...{ cpu: run.machine?.cpu ?? null, cores: run.machine?.cores ?? null, gpu: run.machine?.gpu ?? null },
    ...named('set_', values(run.settings)),
    ...named('claimed_', { backend: run.backend, ...run.claimed }),
    ...named('measured_', run.evals.at(-1)?.metrics),
    ...numbersOf(verdict),
    ...named('observed_', { ...observed, ...(rows == null ? {} : { [observedName('rows_served')]: rows }) }),
    ...named('declared_', { ...declared, start: from ?? 'own weights' }),
    ...remarksOf(verdict),
  };
}

/** A closed sprint as a row. `sprints`: the ledger. */
export function sprintRow(sprint: Sprint, sprints: readonly Sprint[]): Row {
  const { researcher, change, cost, verdict, bestBefore } = sprint;
  const candidate = sprint.runs.find(({ id }) => id === sprint.candidate);
  const time = timeOfCandidate(sprint, sprints);
  return {
    ...{ number: sprint.number, sprint: sprint.id, title: sprint.title },
    ...{ opened_at: sprint.openedAt, closed_at: sprint.closedAt },
    ...{ profile: sprint.profile, leaderboard: sprint.leaderboard, metric: sprint.metric, goal: sprint.goal },
    ...{ researcher: researcher.label, model: researcher.model, sandbox: sprint.sandbox },
    ...{ outcome: sprint.outcome, reason: sprint.reason, stop_reason: sprint.stopReason },
    ...{ candidate: sprint.candidate, verdict: verdict?.kind ?? null, noise: sprint.noise },
    ...{ best_before: bestBefore?.sprint ?? null, times_best: time && Number(time.times.toFixed(3)) },
    ...{
      repeat_seed: sprint.repeat?.seed ?? null,
      runs: sprint.runs.length,
      hints: sprint.hints?.length ?? 0,
      hints_followed: answersOf(sprint, 'follow'),
      hints_declined: answersOf(sprint, 'decline'),
    },
    ...(sprint.combines && pairRow(sprint.combines)),
    ...(sprint.handed !== undefined && { asked_to_combine: sprint.handed }),
    ...{ kept: change.kept, infrastructure: change.infrastructure, files: change.files.length },
    ...{ insertions: change.insertions, deletions: change.deletions },
    ...{ tree_before: change.treeBefore, tree_after: change.treeAfter },
    ...{ usd: cost.usd, turns: cost.turns, input_tokens: cost.inputTokens },
    ...{ cached_input_tokens: cost.cachedInputTokens, output_tokens: cost.outputTokens },
    ...{
      train_seconds: cost.trainSeconds,
      judge_seconds: cost.judgeSeconds,
      confirm_seconds: cost.confirmSeconds ?? 0,
      wall_seconds: cost.wallSeconds,
    },
    ...named('predicted_', sprint.predicted),
    ...named('claimed_', candidate?.claimed),
    ...numbersOf(verdict),
    ...confirmedRow(sprint),
    ...named('best_before_', bestBefore?.metrics),
    ...named('observed_', verdict && renamed(verdict.observed)),
    ...(verdict && named('declared_', { ...verdict.declared, start: verdict.from ?? 'own weights' })),
    ...remarksOf(verdict),
  };
}

/** What the judge remarked, in one cell. */
const remarksOf = (verdict: Verdict | null): Row =>
  verdict?.remarks === undefined ? {} : { remarks: verdict.remarks.join('; ') };

const answersOf = ({ hintAnswers = [] }: Sprint, answer: 'follow' | 'decline'): number =>
  hintAnswers.filter((each) => each.answer === answer).length;

/** The two gains that the loop put together, over the best that they began with. */
const pairRow = ({ base, best, left, trouble, gains }: Combining): Row => ({
  ...{ combines_base: base, combines_best: best, combines_left: left, not_combined: trouble ?? null },
  ...named('combines_gain_', gains && { best: gains.best, left: gains.left, both: gains.both }),
});

/** What secret worlds gave: means and deviations over them, and the gain that was needed. */
function confirmedRow(sprint: Sprint): Row {
  const { confirmed, checked, inFull } = sprint;
  if (!confirmed) return {};
  const { candidate, best, gain, result, again } = confirmed;
  return {
    ...{ confirmed_result: result, confirmed_n: candidate.n, confirmed_key: confirmed.key },
    ...named('confirmed_', candidate.mean),
    ...named('confirmed_deviation_', candidate.deviation),
    ...named('confirmed_best_', best?.mean),
    ...named('confirmed_gain_', gain),
    ...named('confirmed_best_again_', again),
    ...(checked && { confirmed_measured_again: checked.holds ? 'holds' : 'does not hold' }),
    ...(lacksCheck(sprint) && { confirmed_measured_again: NOT_MEASURED_AGAIN }),
    ...named('confirmed_in_full_', inFull?.metrics),
  };
}

/** The columns of rows: those of a word (`verified_`) beside each other, all others first. */
export function columnsOf(rows: readonly Row[]): string[] {
  const rank = (name: string) =>
    GROUPS.findIndex((group) => name.startsWith(group) && name !== 'best_before');
  return [...new Set(rows.flatMap((row) => Object.keys(row)))]
    .map((name) => ({ name, at: rank(name) }))
    .sort((a, b) => a.at - b.at)
    .map(({ name }) => name);
}

/** Rows with a line of their columns above them. */
export function cellsOf(rows: readonly Row[], columns = columnsOf(rows)): Cell[][] {
  return [columns, ...rows.map((row) => columns.map((name) => row[name]))];
}

/** The numbers of a verdict, with its kind in front; those of another form have the form's name as well. */
const numbersOf = (verdict: Verdict | null): Row =>
  verdict === null
    ? {}
    : Object.assign(
        named(`${verdict.kind}_`, verdict.metrics),
        ...Object.entries(verdict.also).map(([form, of]) => named(`${verdict.kind}_${form}_`, of)),
      );

const named = (prefix: string, of: Row | null | undefined): Row =>
  Object.fromEntries(Object.entries(of ?? {}).map(([name, value]) => [prefix + name, value]));

const renamed = (observed: Verdict['observed']): Row =>
  Object.fromEntries(Object.entries(observed).map(([field, value]) => [observedName(field), value]));

/** A value as it was set, a number where it is one. */
const values = (settings: Readonly<Record<string, string>>): Row =>
  Object.fromEntries(
    Object.entries(settings).map(([key, text]) => {
      const value = Number(text);
      return [key, text.trim() !== '' && Number.isFinite(value) ? value : text];
    }),
  );
