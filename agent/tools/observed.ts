import { ToolError } from '@anthropic-ai/sdk/lib/tools/ToolError';
import type { z } from 'zod';
import { type Answer, contentOf } from '#contract/answer';
import { cut, messageOf, plain } from '../common/words.ts';
import type { OpenSprint } from '../open-sprint/open-sprint.ts';
import { ToolMistake } from '../requests/paths.ts';
import { accepted, RefusedInput } from '../requests/refusals.ts';

/** The longest reason in the event log, in characters. */
const MAX_REASON = 300;

/**
 * Checks the input of a call, runs its tool, and logs the call, however it ends. @throws what the tool
 * throws, and RefusedInput: the model reads either as the result of its call.
 */
export async function observed<T extends z.ZodType>(
  sprint: Pick<OpenSprint, 'loop' | 'claim'>,
  name: string,
  schema: T,
  input: unknown,
  run: (input: z.infer<T>) => Promise<string | Answer> | string | Answer,
) {
  const started = performance.now();
  let reason: string | undefined;
  try {
    const answer = await run(accepted(name, schema, input));
    return typeof answer === 'string' ? answer : contentOf(answer);
  } catch (error) {
    reason = cut(plain(error instanceof RefusedInput ? error.reason : messageOf(error)), MAX_REASON);
    if (!(error instanceof ToolMistake) || !error.fields) throw error;
    // Worded as the runner words an error, with the fields added.
    throw new ToolError(contentOf({ words: `Error: ${error.message}`, fields: error.fields }));
  } finally {
    sprint.loop.journal.emit({
      type: 'tool.finished',
      sprint: sprint.claim?.id ?? null,
      name,
      summary: aboutWhat(input),
      ok: reason === undefined,
      reason,
      seconds: (performance.now() - started) / 1000,
    });
  }
}

/** What a call is about, in one short line. */
function aboutWhat(input: unknown): string {
  const { command, path, experiment, of, budget, run, title, summary } = Object(input) as Record<
    string,
    unknown
  >;
  const text = [command, path, experiment, of, budget, run, title, summary]
    .filter((part) => typeof part === 'string')
    .join(' ');
  return cut(plain(text), 100);
}
