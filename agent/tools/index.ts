import { betaZodTool } from '@anthropic-ai/sdk/helpers/beta/zod';
import type { BetaRunnableTool } from '@anthropic-ai/sdk/lib/tools/BetaRunnableTool';
import type { z } from 'zod';
import type { Answer } from '#contract/answer';
import { secretFiles } from '#host/secrets';
import { runsSoFar } from '../budget/plan.ts';
import { outputsDir } from '../common/paths.ts';
import { runDetails } from '../ledger/tables.ts';
import { timeNow } from '../ledger/time-against.ts';
import type { OpenSprint } from '../open-sprint/open-sprint.ts';
import { CUT_OFF } from '../open-sprint/transcript.ts';
import {
  BashInput,
  EditInput,
  FinishSprintInput,
  inspectInput,
  NoteInput,
  ReadResultsInput,
  RunExperimentInput,
  StartSprintInput,
  StopInput,
  WaitInput,
} from '../requests/schemas.ts';
import { bash } from './bash.ts';
import { edit } from './edit.ts';
import { endedFields, ledgerFields } from './fields.ts';
import { finishSprint } from './finish-sprint.ts';
import { inspect } from './inspect.ts';
import { takeNote } from './note.ts';
import { observed } from './observed.ts';
import { capped } from './output.ts';
import { readResults } from './read-results.ts';
import { runExperiment } from './run-experiment.ts';
import { startSprint } from './start-sprint.ts';

const COMMAND_SECONDS = 300;

/**
 * The tools of one sprint, as the SDK's tool runner takes them. What a tool throws goes back to the model as
 * an error result. The runner's own check of inputs is skipped, because it would answer in JSON and log
 * nothing: `observed` checks them.
 */
export function makeTools(sprint: OpenSprint): BetaRunnableTool[] {
  const { loop } = sprint;
  const {
    config: { repo, task },
  } = loop;
  // The researcher may read this folder, and it is not committed.
  const outputs = outputsDir(repo);
  const shell = { repo, sandbox: loop.sandbox, outputs, timeoutSeconds: COMMAND_SECONDS };
  const unread = (input: unknown) => input;
  const tool = <T extends z.ZodType>(
    name: string,
    inputSchema: T,
    description: string,
    run: (input: z.infer<T>) => Promise<string | Answer> | string | Answer,
  ): BetaRunnableTool => ({
    ...betaZodTool({ name, inputSchema, description, run: () => '' }),
    parse: unread,
    run: (input: unknown) => observed(sprint, name, inputSchema, input, run),
  });

  const tools: BetaRunnableTool[] = [
    {
      type: 'bash_20250124',
      name: 'bash',
      parse: unread,
      run: (input: unknown) =>
        observed(sprint, 'bash', BashInput, input, ({ command }) =>
          command === undefined
            ? 'Every call is a new shell; there is nothing to restart.'
            : sprint.queue.run(() =>
                bash(command, { ...shell, writable: sprint.writable }, loop.stopper.hard),
              ),
        ),
    },
    {
      type: 'text_editor_20250728',
      name: 'str_replace_based_edit_tool',
      parse: unread,
      run: (input: unknown) =>
        observed(sprint, 'str_replace_based_edit_tool', EditInput, input, (call) =>
          sprint.queue.run(() =>
            edit(call, { repo, writable: sprint.writable, hidden: ['state', '.git', ...secretFiles(repo)] }),
          ),
        ),
    },
    tool(
      'start_sprint',
      StartSprintInput,
      'Starts this sprint: makes its folder with a README.md of idea, motivation and expectation. Call it once, after reading earlier results and before changing or running anything.',
      (input) => startSprint(sprint, input),
    ),
    tool(
      'run_experiment',
      RunExperimentInput,
      'Starts a run: trains an experiment from the present files of the workspace, and returns the run id at once. With several seeds, starts one run for each. Runs are queued for the one device.',
      (input) => runExperiment(sprint, input),
    ),
    tool(
      'wait_for_experiment',
      WaitInput,
      'Waits until a run has ended and its snapshots are measured, without a time limit, and returns its results. Waiting costs nothing.',
      async (input) => {
        const { run, trouble, ended } = await sprint.claimedRuns.wait(input.run);
        if (trouble) return `The run did not start: ${trouble}`;
        // The researcher reads this after the next start, if the sprint goes on.
        if (!ended) return CUT_OFF;
        if (!run) return 'The run left no record.';
        const standing = sprint.claimedRuns.standing(run);
        const { sprints, mine } = runsSoFar(sprint.loop, sprint.claimedRuns.started);
        const time = timeNow(run, sprints, mine);
        const words = [runDetails(run, task.contract, time), standing].join('\n\n').trim();
        return {
          words: capped(words, outputs, `wait-${run.id}`),
          fields: endedFields(run, task.contract),
        };
      },
    ),
    tool('stop_experiment', StopInput, 'Stops a run, or removes it from the queue.', async (input) => {
      await sprint.claimedRuns.stop(input.run, 'stopped by the researcher');
      return `${sprint.claimedRuns.resolve(input.run)} was stopped.`;
    }),
    tool(
      'read_results',
      ReadResultsInput,
      'Without input: the ledger of all sprints with their verified metrics, the shared notebook, and the runs of this sprint. With input: one sprint or one run in detail, or notes.',
      (input) => {
        const words = capped(readResults(sprint, input), outputs, `results-${Date.now()}`);
        return Object.keys(input).length > 0 ? words : { words, fields: ledgerFields(sprint) };
      },
    ),
    tool(
      'note',
      NoteInput,
      'Writes into the shared notebook: a finding, a dead end or a question that later sprints should know, signed with this sprint. They see its newest and most cited notes at their start; read_results reads all.',
      (input) => takeNote(sprint, input),
    ),
    tool(
      'finish_sprint',
      FinishSprintInput,
      'Ends the sprint: says what was learned, and which run is to be judged against the present best. Call it last.',
      (input) => finishSprint(sprint, input),
    ),
  ];
  const inspection = task.contract.inspect;
  if (inspection) {
    const about = `${inspection.about} At most ${inspection.perSprint} times in a sprint.`;
    const input = inspectInput(inspection);
    tools.push(tool('inspect', input, about, (given) => inspect(sprint, inspection, given)));
  }
  return tools;
}
