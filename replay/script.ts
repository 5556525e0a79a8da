import { isDeepStrictEqual } from 'node:util';
import { CutOff } from '#contract/answer';
import type { AnswerBlock } from './protocol.ts';
import type { Exchange, ToolResult } from './transcript.ts';

/** One turn of the researcher: some words, and a call of one tool. */
export interface Action {
  say?: string;
  name: string;
  input: Record<string, unknown>;
}

/**
 * A conversation as sequential code: it yields tool calls, receives their results and returns its final text.
 */
export type Script = Generator<Action, string, ToolResult>;

/**
 * Calls a tool: `const result = yield* use('bash', { command: 'ls' })`. A call during which the loop was cut
 * off and restarted is repeated, as often as that happens.
 */
export function* use(
  name: string,
  input: Record<string, unknown>,
  say?: string,
): Generator<Action, ToolResult, ToolResult> {
  let result = yield { name, input, say };
  while (CutOff.safeParse(result.fields).success)
    result = yield { name, input, say: 'The loop was cut off during this call: making it again.' };
  return result;
}

/**
 * The next turn of the script. The server keeps no state between requests: the script is run again from its
 * start with the results in the transcript. The answer therefore depends on the conversation alone, and a
 * conversation that was cut off continues where it stopped.
 */
export function nextTurn(script: Script, exchanges: readonly Exchange[]): AnswerBlock[] {
  let step = script.next();
  for (const { name, input, result } of exchanges) {
    // A call that was cut off before its result is made again.
    if (result === null) continue;
    if (step.done) break;
    if (step.value.name !== name || !isDeepStrictEqual(step.value.input, input)) {
      return [{ type: 'text', text: `This conversation is not the offline replay's: it called ${name}.` }];
    }
    step = script.next(result);
  }
  if (step.done) return [{ type: 'text', text: step.value }];
  const { say, name, input } = step.value;
  const call = { type: 'tool_use' as const, name, input };
  return say ? [{ type: 'text', text: say }, call] : [call];
}
