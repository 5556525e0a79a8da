import type {
  BetaContentBlockParam,
  BetaMessage,
  BetaMessageParam,
  BetaToolResultBlockParam,
} from '@anthropic-ai/sdk/resources/beta';
import { plain } from '../common/words.ts';
import { onFallback } from './call-settings.ts';
import { Calls } from './calls.ts';
import type { Conversation, Ending, Reopen } from './conversation.ts';
import { backoffSeconds, classify, type Failure } from './failures.ts';
import { History, sendable } from './history.ts';
import { closing, garbled, type Repair, repairOf } from './repair.ts';
import { answersIn, callsIn, RepeatedRefusals } from './repeated.ts';
import { request } from './request.ts';
import { makeTurn } from './turn.ts';
import { Watchdog } from './watchdog.ts';

type Results = readonly BetaToolResultBlockParam[];

/** With more cut or garbled replies in a row than this, the conversation has failed. */
const MAX_MENDS = 3;

const SHORT =
  'The limits of this loop are nearly reached. Start nothing new. Write into the README.md of your sprint what you found and what remains open, then call finish_sprint with your next call.';

/**
 * Runs one conversation to its end, one call after another. The history is never edited: every call sends
 * system prompt, tools and history as they were, so a failed turn can be sent again, and a conversation can
 * be resumed from its transcript.
 */
export async function converse(c: Conversation): Promise<Ending | Reopen> {
  const watchdog = new Watchdog(c.stallMs);
  const client = await c.connection.reached.client(watchdog.around);
  const history = new History(c.messages, { record: c.onMessage, retract: c.onRetract });
  const calls = new Calls(c, history);
  const refusals = RepeatedRefusals.from(c.messages);
  const next = onFallback(calls.settings);
  if (next && c.model === next.model) calls.change(next);
  let toldOfEnd = false;
  let failures = 0;
  let mends = 0;
  let turns = 0;

  /** Awaited before every call: the ending that prevents the call, or null. */
  const whyNot = async (): Promise<Ending | null> => {
    await c.ready();
    const stop = c.stopRequested();
    if (stop !== null) return { kind: 'stopped', reason: stop };
    if (turns >= c.maxTurns)
      return { kind: 'limit', code: 'turns', reason: `${c.maxTurns} turns in one sprint` };
    const no = calls.announce();
    return no && { kind: 'limit', ...no };
  };
  /** Books a whole reply and adds it to the history, before its tools are run. */
  const hear = (message: BetaMessage, seconds: number) => {
    turns++;
    failures = 0;
    // A refused reply is no part of the conversation, and the API accepts no empty message.
    const content = message.content as BetaContentBlockParam[];
    const kept = message.stop_reason === 'refusal' ? [] : sendable(content);
    calls.answered(message, kept, seconds);
    if (kept.length > 0) history.add({ role: 'assistant', content: kept });
    const dropped = (message.input_transformations ?? []).filter(
      (one) => 'reason' in one && one.reason === 'prefix_binding_mismatch',
    );
    if (dropped.length > 0)
      c.onNotice(
        `the API dropped ${dropped.length} thinking blocks, because the messages before them had changed`,
        'warn',
        'thinking-dropped',
      );
  };
  /** Adds the results of calls together with `texts`. Texts that may not stand there are kept for later. */
  const answerCalls = (results: Results, texts: readonly string[]) => {
    const asSystem = calls.settings.features.has('system');
    const beside = asSystem || history.pending ? [] : texts;
    history.answerCalls(results, beside);
    if ((asSystem && calls.tell(texts)) || beside.length === texts.length) return;
    c.unsaid.unshift(...texts);
  };
  /** Processes the tool results of a reply. Returns the ending where the conversation is over. */
  const answer = (message: BetaMessage, results: Results): Ending | null => {
    mends = 0;
    const reply: BetaMessageParam = {
      role: 'assistant',
      content: message.content as BetaContentBlockParam[],
    };
    for (const { name } of callsIn(reply)) {
      const known = c.tools.some((tool) => 'name' in tool && tool.name === name);
      if (!known) c.onNotice(`${plain(name)} was refused: there is no such tool`, 'info');
    }
    const advice = refusals.heard(callsIn(reply), answersIn({ role: 'user', content: [...results] }));
    if (c.isFinished() || advice.kind === 'close') {
      answerCalls(results, []);
      return advice.kind === 'close' && !c.isFinished()
        ? { kind: 'failed', reason: advice.reason }
        : { kind: 'finished' };
    }
    if (advice.kind === 'tell') c.unsaid.push(advice.text);
    if (calls.short && !toldOfEnd) c.unsaid.push(SHORT);
    toldOfEnd = calls.short;
    answerCalls(results, history.pending ? [] : [...c.unsaid.splice(0), ...c.hints()]);
    return null;
  };
  /** Leaves out the feature that the API refused. Null where the failure has another cause. */
  const leaveOut = (error: unknown): Ending | Reopen | 'again' | null => {
    const feature = calls.leaveOut(error);
    if (feature === null) return null;
    if (feature === 'system' || feature === 'toolChanges') {
      const texts = history.retractSystem(feature === 'system' ? 'any' : 'withdrawal');
      if (texts) c.unsaid.unshift(...texts);
      else if (feature === 'system')
        return { kind: 'failed', reason: 'the API refuses a message that it took before' };
    }
    if (feature !== 'web' || !calls.web) return 'again';
    const reason = 'the API refuses web search and fetch';
    return history.begun
      ? { kind: 'failed', reason: `${reason}, during a conversation` }
      : { kind: 'reopen', reason };
  };

  for (;;) {
    const end = await whyNot();
    if (end) return end;
    const asked = { opening: c.opening, messages: c.messages, tools: c.tools, effort: c.effort };
    const params = request({ ...asked, maxTokens: calls.maxTokens }, calls.settings);
    const heard = await makeTurn(client, params, {
      watchdog,
      signal: c.signal,
      onWhole: hear,
      onSearch: c.onSearch,
    });

    const stopped = { kind: 'stopped' as const, reason: c.stopRequested() ?? 'stopped at once' };
    if (heard.kind === 'aborted') return stopped;
    let odd: Ending | Repair;
    if (heard.kind === 'whole') {
      if (heard.results) {
        const end = answer(heard.message, heard.results);
        if (end) return end;
        continue;
      }
      odd = repairOf(heard.message, calls.settings);
    } else {
      calls.lost(heard.cut, heard.error);
      if (c.signal.aborted) return stopped;
      const less = leaveOut(heard.error);
      if (less === 'again') continue;
      if (less) return less;
      const failure = classify(heard.error, c.connection.reached);
      if (failure.kind === 'passing') {
        failures++;
        const reason = watchdog.stalled
          ? `the stream sent nothing for ${c.stallMs / 1000} s`
          : failure.reason;
        await c.wait(backoffSeconds(failures, failure.retryAfterSeconds), reason);
        continue;
      }
      odd = endOrMend(failure, calls);
    }
    if ('kind' in odd) return odd;
    if (odd.notice) c.onNotice(odd.notice, 'info');
    calls.change(odd.settings);
    if (odd.odd && ++mends > MAX_MENDS) {
      const what = heard.kind === 'whole' ? heard.message.stop_reason : 'garbled calls';
      return { kind: 'failed', reason: `${what} ${mends} times in a row` };
    }
    const words = odd.words === null ? [] : [odd.words];
    if (odd.results.length > 0) answerCalls(odd.results, words);
    // Where no text may stand before the next reply, the words are said after it.
    else if (!words.every((text) => history.say(text, calls.settings.features.has('system'))))
      c.unsaid.push(...words);
  }
}

/** The ending or the repair of a conversation after a failure that does not pass. */
function endOrMend(failure: Exclude<Failure, { kind: 'passing' }>, { settings }: Calls): Ending | Repair {
  switch (failure.kind) {
    case 'fatal':
      return failure;
    case 'broken':
      return { kind: 'failed', reason: failure.reason };
    case 'full':
      return closing(settings);
    case 'garbled':
      return garbled(settings);
  }
}
