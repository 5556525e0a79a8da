import type { Inspection } from '#contract/task-contract';
import { collect, startChild } from '#host/child';
import { splitCommand } from '#host/command';
import { lastWord } from '#host/last-word';
import { newMark } from '#host/marks';
import { checkoutTree } from '#host/tree';
import { runDir } from '../common/paths.ts';
import { judgeEnv } from '../executor/judge-env.ts';
import { readSprintRun } from '../ledger/run-folder.ts';
import type { OpenSprint } from '../open-sprint/open-sprint.ts';
import { ToolMistake } from '../requests/paths.ts';
import type { InspectInput } from '../requests/schemas.ts';
import { tail } from './output.ts';

const SECONDS = 600;

/**
 * Runs the contract's inspect command on a run of this sprint, and says how many looks are left. A call that
 * shows nothing does not count.
 * @throws ToolMistake where none is left, or with the command's error line where it fails.
 */
export async function inspect(
  sprint: OpenSprint,
  { command, perSprint }: Inspection,
  input: InspectInput,
): Promise<string> {
  if (sprint.inspections >= perSprint)
    throw new ToolMistake(
      `inspect was used ${sprint.inspections} times in this sprint, and at most ${perSprint} are allowed; go on with what it has shown`,
    );
  // Counted before it ends: calls of one turn run side by side.
  const nth = ++sprint.inspections;
  try {
    const shown = await look(sprint, command, input);
    return `${shown.trimEnd()}\n\nLook ${nth} of ${perSprint} in this sprint.`;
  } catch (error) {
    sprint.inspections--;
    throw error;
  }
}

async function look(
  { loop, claimedRuns }: OpenSprint,
  command: string,
  input: InspectInput,
): Promise<string> {
  const {
    config: { repo, task },
    sandbox,
    stopper,
  } = loop;
  const { run, ...given } = input;
  const options = Object.entries(given).flatMap(([name, value]) =>
    value === undefined ? [] : [`--${name}`, String(value)],
  );
  const id = claimedRuns.resolve(run);
  const record = readSprintRun(repo, id);
  if (!record)
    throw new ToolMistake(`run ${id} has not started yet; first wait for it with wait_for_experiment`);
  const dir = runDir(repo, id);
  const treeDir = await checkoutTree({ repo, tree: record.tree });
  const mark = newMark();
  const child = startChild({
    mark,
    argv: [...splitCommand(command), dir, '--tree-dir', treeDir, ...options],
    cwd: repo,
    env: judgeEnv({ task, repo, sandbox, runDir: dir, treeDir, mark }),
    stdio: { stdout: 'pipe', stderr: 'pipe' },
    timeoutSeconds: SECONDS,
    until: { signal: stopper.hard, reason: 'the loop was stopped', graceSeconds: 1 },
  });
  const [text, errors, exit] = await Promise.all([
    collect(child.stdout!, child.done),
    collect(child.stderr!, child.done),
    child.done,
  ]);
  if (exit.timedOut)
    throw new ToolMistake(`inspect was ended at its time limit of ${SECONDS} s; ask for less`);
  if (exit.code !== 0) {
    const said = lastWord(errors.split('\n')) ?? `it ended with ${exit.code ?? exit.signal}`;
    throw new ToolMistake(
      `inspect failed: ${said.replace(/\.$/, '')}. Give another finished run, or other options`,
    );
  }
  return tail(text);
}
