import { existsSync, readFileSync } from 'node:fs';
import { inSprint, sprintDir } from '../common/paths.ts';
import { count, show } from '../common/words.ts';
import { claimsOfOthers } from '../journal/state.ts';
import { bestOf } from '../ledger/ledger.ts';
import { type Entry, notebookInWords, notebookOf, noteLine } from '../ledger/notes.ts';
import { readSprintRun } from '../ledger/run-folder.ts';
import { ledgerTable, runDetails, runsTable } from '../ledger/tables.ts';
import { timeInSprint, timeNow } from '../ledger/time-against.ts';
import type { OpenSprint } from '../open-sprint/open-sprint.ts';
import { ToolMistake } from '../requests/paths.ts';
import type { ReadResultsInput } from '../requests/schemas.ts';

/**
 * The answer of read_results: the ledger and this sprint, an earlier sprint, or a run. @throws ToolMistake
 * for an unknown sprint or run.
 */
export function readResults({ loop, runs }: OpenSprint, input: ReadResultsInput): string {
  const { contract } = loop.config.task;
  const sprints = loop.ledger.of(loop.config.leaderboard);
  const mine = () => (runs?.started ?? []).flatMap((id) => readSprintRun(loop.config.repo, id) ?? []);
  if (input.run !== undefined) {
    const inLedger = sprints.flatMap((s) => s.runs).find((r) => r.id === input.run);
    const run = inLedger ?? readSprintRun(loop.config.repo, runs?.resolve(input.run) ?? input.run);
    if (!run)
      throw new ToolMistake(
        `there is no run "${input.run}"; read_results without input lists the runs of this sprint, and with "sprint" those of an earlier sprint`,
      );
    const sprint = sprints.find((s) => s.runs.includes(run));
    const time = sprint ? timeInSprint(run, sprint, sprints) : timeNow(run, sprints, mine());
    return runDetails(run, contract, time);
  }
  const notebook = () => notebookOf(loop.ledger.sprints, loop.journal.state().notes);
  if (input.notes !== undefined) return notesWith(input.notes, notebook());
  if (input.sprint !== undefined) {
    const sprint = sprints.find((s) => s.id === input.sprint || String(s.number) === input.sprint);
    if (!sprint)
      throw new ToolMistake(
        `there is no closed sprint "${input.sprint}" on this leaderboard; read_results without input lists all of them with their numbers`,
      );
    const log = inSprint(sprintDir(loop.config.repo, sprint.id)).log;
    return [
      ledgerTable([sprint], contract, sprints),
      runsTable(sprint.runs, contract, (run) => timeInSprint(run, sprint, sprints)),
      `Summary: ${sprint.summary}`,
      `Next: ${sprint.next ?? 'nothing named'}`,
      notebook()
        .filter(({ note }) => note.sprint === sprint.id)
        .map(noteLine)
        .join('\n'),
      existsSync(log) ? readFileSync(log, 'utf8') : '',
    ]
      .filter((part) => part !== '')
      .join('\n\n');
  }
  const best = bestOf(sprints, loop.config.leaderboard);
  const started = mine();
  return [
    `## Ledger (leaderboard ${loop.config.leaderboard})\n\n${ledgerTable(sprints, contract)}`,
    best
      ? `Present best: sprint ${best.number} (${best.id}), run ${best.candidate}, ${contract.metric} ${show(best.verdict?.metrics[contract.metric])}.`
      : 'There is no best yet.',
    underWay(loop.journal),
    notebookInWords(notebook()).replace(/^#/, '##'),
    `## Runs of this sprint\n\n${runsTable(started, contract, (run) => timeNow(run, sprints, started))}`,
  ]
    .filter((part) => part !== '')
    .join('\n\n');
}

/** The open sprints of other researchers, with the runs that they have started. */
function underWay({ state, researcherId }: OpenSprint['loop']['journal']): string {
  const lines = claimsOfOthers(state(), researcherId).map(
    ({ number, title, runs }) => `- sprint ${number}, "${title}"; runs: ${runs.join(', ') || 'none yet'}`,
  );
  return lines.length === 0 ? '' : `## Under way, by other researchers\n\n${lines.join('\n')}`;
}

/** The notes that a researcher looks for: with this text in them, in whatever case, or all. */
function notesWith(words: string, notebook: readonly Entry[]): string {
  const lines = notebook.map(noteLine);
  const wanted = words.trim().toLowerCase();
  const found = wanted === 'all' ? lines : lines.filter((line) => line.toLowerCase().includes(wanted));
  return found.length > 0
    ? found.join('\n')
    : `None of the ${count(lines.length, 'note')} has these words in it.`;
}
