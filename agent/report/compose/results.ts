import type { SprintRun } from '#contract/sprint';
import { trainWords } from '#contract/train-command';
import { duration, label, numberFormat, samples } from '../document/names.ts';
import { type Block, code, em, type Inline, type Row, strong, text } from '../document/tree.ts';
import { bestRunBefore, type Context, columnsOf, direction } from './context.ts';
import { slowMark } from './observed.ts';
import { measured, runTitle } from './runs.ts';

/**
 * All runs of the sprint beside the best before. A run that was not judged shows its last measured snapshot
 * in italics. The candidate's row is tinted and the best verified number of a column is bold.
 */
export function resultsTable(context: Context): Block {
  const { sprint } = context;
  const before = sprint.bestBefore?.metrics;
  const rows = sprint.runs.map((run) => ({ run, ...measured(run) }));
  const columns = columnsOf(context).filter(
    (name) => before?.[name] !== undefined || rows.some((row) => row.metrics[name] !== undefined),
  );
  const formats = new Map(
    columns.map((name) => [
      name,
      numberFormat(name, [before?.[name], ...rows.map((row) => row.metrics[name])]),
    ]),
  );
  const bests = new Map(columns.map((name) => [name, bestOf(context, name)]));
  const cell = (name: string, value: number | undefined, from: 'verdict' | 'snapshot' | null): Inline[] => {
    const shown = formats.get(name)?.(value) ?? '–';
    if (value !== undefined && from === 'snapshot') return [em(shown)];
    return [value !== undefined && value === bests.get(name) ? strong(shown) : text(shown)];
  };
  const best = bestRunBefore(context)?.run;
  const table: Row[] = [];
  if (sprint.bestBefore && before) {
    table.push({
      tone: 'muted',
      cells: [
        [text('Best before')],
        [text(best ? String(best.seed) : '')],
        [text(best ? samples(best.samples) : '')],
        [text('verified')],
        ...columns.map((name) => cell(name, before[name], 'verdict')),
      ],
    });
  }
  for (const { run, metrics, from } of rows) {
    const candidate = run.id === sprint.candidate;
    table.push({
      tone: candidate ? 'best' : 'plain',
      cells: [
        [candidate ? strong(runTitle(run)) : text(runTitle(run))],
        [text(String(run.seed))],
        [text(samples(run.samples))],
        [text(state(run, from))],
        ...columns.map((name) => cell(name, metrics[name], from)),
      ],
    });
  }
  const notes = ['Every run of this sprint.'];
  if (sprint.candidate) notes.push('Tinted: the candidate.');
  notes.push('Bold: the best verified number of a column, where the better direction is known.');
  if (rows.some((row) => row.from === 'snapshot'))
    notes.push('Italics: measured on the last snapshot of a run without a verdict.');
  return {
    t: 'table',
    head: ['Run', 'Seed', 'Samples', 'Status', ...columns.map(label)].map((name) => [text(name)]),
    align: ['left', 'right', 'right', 'left', ...columns.map(() => 'right' as const)],
    rows: table,
    caption: context.number.table(text(notes.join(' '))),
    omitted: null,
  };
}

function state(run: SprintRun, from: 'verdict' | 'snapshot' | null): string {
  if (run.status !== 'finished') return run.status;
  return from === 'verdict' ? 'verified' : from === 'snapshot' ? 'measured' : 'not judged';
}

function bestOf(context: Context, name: string): number | undefined {
  const way = direction(context, name);
  if (way === null) return undefined;
  const values = [
    context.sprint.bestBefore?.metrics[name],
    ...context.sprint.runs.map((run) => run.verdict?.metrics[name]),
  ].filter((value) => value !== undefined);
  if (values.length < 2) return undefined;
  return way === 1 ? Math.max(...values) : Math.min(...values);
}

/** One line, with the reason, for each run that did not finish or that was accepted and never started. */
export function badEnds({ sprint }: Context): Block[] {
  const unstarted = (sprint.unstarted ?? []).map(({ experiment, samples, seed, reason }) => ({
    id: `${experiment}, ${samples} samples, seed ${seed}`,
    ...{ status: 'not started', reason: reason.replace(/^not started: /, '') },
  }));
  const bad = [...sprint.runs.filter((run) => run.status !== 'finished'), ...unstarted];
  if (bad.length === 0) return [];
  return [
    {
      t: 'list',
      ordered: false,
      start: 1,
      items: bad.map((run) => ({
        checked: null,
        c: [
          {
            t: 'para' as const,
            c: [
              text('Run '),
              code(run.id),
              text(' '),
              strong(run.status),
              text(run.reason ? `: ${run.reason}` : ''),
            ],
          },
        ],
      })),
    },
  ];
}

/** How each run can be reproduced: its tree, its arguments, its speed. */
export function provenance(context: Context): Block | null {
  const { sprint, number } = context;
  if (sprint.runs.length === 0) return null;
  return {
    t: 'table',
    head: ['Run and arguments', 'Tree', 'Took', 'Samples/s', 'Backend, as claimed'].map((name) => [
      text(name),
    ]),
    align: ['left', 'left', 'right', 'right', 'left'],
    rows: sprint.runs.map((run) => ({
      tone: run.id === sprint.candidate ? 'best' : 'plain',
      cells: [
        [code(run.id), { t: 'break' }, text(trainWords({ ...run, profile: sprint.profile }).join(' '))],
        [code(run.tree.slice(0, 10))],
        [text(run.seconds === null ? '–' : duration(run.seconds) + slowMark(run, context))],
        [text(speed(run))],
        [text(run.backend ?? '–')],
      ],
    })),
    caption: number.table(
      text(
        'How each run was made: the git tree of the workspace and the arguments of the train command. Samples per second are over the whole run, with its start and its snapshots. Learning rate, epochs and starting weights are declared, not observed.',
      ),
    ),
    omitted: null,
  };
}

/** Samples a second from start to end, by the supervisor's clock: a trainer logs the speed of one moment. */
function speed({ status, seconds, samples: trained }: SprintRun): string {
  return status === 'finished' && seconds ? samples(Math.round(trained / seconds)) : '–';
}
