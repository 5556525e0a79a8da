import type { BetaMessageParam } from '@anthropic-ai/sdk/resources/beta';
import { CLOSING_TURNS, capNotice } from '../budget/caps.ts';
import { SlotWatch } from '../budget/last-slot.ts';
import { affords, leftToSpend, mayCall } from '../budget/may-call.ts';
import { whilePaused } from '../budget/pause.ts';
import type { Stopper } from '../budget/stop.ts';
import { loopSecondsLeft } from '../budget/time-left.ts';
import type { Timer } from '../common/timer.ts';
import type { Config } from '../config/config.ts';
import type { Checkout } from '../git/run-branch.ts';
import type { Journal } from '../journal/journal.ts';
import { marked } from '../ledger/hints.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { ADDED, Hints } from '../open-sprint/hints.ts';
import type { OpenSprint } from '../open-sprint/open-sprint.ts';
import type { Paper } from '../papers/papers.ts';
import type { Connection } from '../researcher/connection.ts';
import type { Ending } from '../researcher/conversation.ts';
import { converse } from '../researcher/converse.ts';
import { openingOf } from '../researcher/opening.ts';
import { type CacheTtl, inputOf } from '../researcher/prices.ts';
import { wholeWeb, worstOf } from '../researcher/reserve.ts';
import { mostTokens } from '../researcher/weigh.ts';
import { SPRINT_ENDED } from '../runs/interrupted.ts';
import { makeTools } from '../tools/index.ts';
import { sprintPrompt, systemPrompt } from './prompt.ts';

/** The parts of the loop that this file uses. */
interface LoopParts {
  config: Config;
  connection: Connection;
  checkout: Checkout;
  journal: Journal;
  ledger: Ledger;
  papers: readonly Paper[];
  timer: Timer;
  stopper: Stopper;
}

/** Sent once to a researcher that falls silent before the sprint is over. */
const NOT_STARTED =
  'No sprint was started. Start one with start_sprint, or say that nothing is left to be tried.';
const NOT_FINISHED =
  'The sprint is still open. Go on, or end it with finish_sprint (candidate null where there is none).';

/**
 * The researcher's part of a sprint: a fresh or a resumed conversation, up to finish_sprint or another end.
 * Every message is in the sprint's transcript before the next call is made.
 */
export async function research(loop: LoopParts, sprint: OpenSprint): Promise<Ending> {
  const {
    connection,
    config: { task },
    stopper,
  } = loop;
  const { model } = task.contract;
  const { transcript } = sprint;
  const slot = new SlotWatch(loop, () => sprint.runs);
  const tools = makeTools(sprint);
  const unsaid: string[] = [];
  const open = () => {
    const text = sprintPrompt(loop, sprint.number);
    const opening = openingOf(systemPrompt(task.contract), tools, webFits(loop, text));
    transcript.open(opening, { role: 'user', content: [{ type: 'text', text }] });
    return opening;
  };
  if (transcript.messages.length === 0) open();
  const hints = new Hints(loop.config.repo, saidByUs(transcript.messages));
  // Cut off after finish_sprint was accepted: only judging is left.
  if (sprint.finish) return { kind: 'finished' };
  if (transcript.awaitsUs) remind(sprint);
  const talk = () =>
    converse({
      connection,
      // A transcript of an earlier version has no opening.
      opening: transcript.opening ?? openingOf(systemPrompt(task.contract), tools, false),
      model: transcript.model,
      messages: transcript.messages,
      onMessage: (message) => transcript.record(message),
      onRetract: () => transcript.retract(),
      onModel: (model) => transcript.note(model),
      tools,
      maxTokens: model.maxTokens,
      effort: model.effort,
      // The sprint's own cap on turns is reached, and announced, before this one.
      maxTurns: loop.config.limits.sprint.turns + CLOSING_TURNS + 1,
      stallMs: model.stallSeconds * 1000,
      cacheTtl: cacheTtl(loop),
      ready: () => whilePaused(loop),
      mayCall: (cost) => mayCall(loop, { ...cost, sprint: sprint.claim?.id ?? null, slot }),
      room: () => leftToSpend(loop),
      isFinished: () => sprint.finish !== null,
      stopRequested: () => stopper.requested()?.reason ?? null,
      unsaid,
      hints: () => [...freshHints(loop, sprint, hints), ...capNotice(loop), ...slot.notice()],
      onSearch: () => loop.journal.emit({ type: 'turn.searching', sprint: sprint.claim?.id ?? null }),
      onFree: (reason) =>
        loop.journal.emit({ type: 'turn.failed', sprint: sprint.claim?.id ?? null, reason }),
      onNotice: (text, level, code) => loop.journal.notice(text, level, code),
      onTurn: ({ model, message, usage, usd, held, seconds }) => {
        loop.timer.add('researcher', seconds);
        loop.journal.emit({
          type: 'turn.finished',
          sprint: sprint.claim?.id ?? null,
          model,
          stopReason: message.stopReason,
          text: message.text,
          usage: {
            inputTokens: inputOf(usage),
            cachedInputTokens: usage.cacheReadTokens,
            outputTokens: usage.outputTokens,
            usd,
          },
          ...(held.tokens > 0 ? { held } : {}),
          seconds,
        });
      },
      wait: async (seconds, reason) => {
        loop.journal.emit({ type: 'loop.waiting', reason, seconds });
        const end = Date.now() + 1000 * Math.min(seconds, loopSecondsLeft(loop));
        await loop.timer.time('waiting', async () => {
          while (Date.now() < end && !stopper.requested() && !slot.past())
            await stopper.sleep(Math.min(LOOK_SECONDS, (end - Date.now()) / 1000));
        });
      },
      signal: stopper.hard,
    });

  const talkOn = async (): Promise<Ending> => {
    for (;;) {
      const ending = await talk();
      if (ending.kind !== 'reopen') return ending;
      open();
    }
  };

  let ending = await talkOn();
  // The replay falls silent when its script is at its end; a model may only have forgotten finish_sprint.
  const mayBeDone = connection.kind === 'offline' && !sprint.claim;
  if (ending.kind === 'silent' && !mayBeDone) {
    remind(sprint);
    ending = await talkOn();
  }
  if (ending.kind === 'stopped') sprint.parked = (await sprint.runs?.park()) ?? false;
  else await sprint.runs?.stopAll(SPRINT_ENDED);
  return ending;
}

/**
 * Reminds the researcher after a reply without a tool call. If the last message is ours, the model had
 * replied nothing, and the call is only repeated.
 */
function remind({ transcript, claim }: OpenSprint): void {
  if (transcript.messages.at(-1)?.role === 'assistant')
    transcript.say({ role: 'user', content: [{ type: 'text', text: claim ? NOT_FINISHED : NOT_STARTED }] });
}

/** During a wait for the API: how often to look whether the device is needed. */
const LOOK_SECONDS = 30;

/**
 * How long the API caches its input. Caching for an hour costs 0.75 of the input's price more for every token
 * written, and saves 1.15 for every token of history at each wait between 5 minutes and an hour. It pays from
 * about one such wait in a sprint.
 */
function cacheTtl({ config: { profile }, journal }: LoopParts): CacheTtl {
  const speed = journal.state().probedSpeed;
  return speed !== null && profile.budgets.rank / speed > 300 ? '1h' : '5m';
}

/** What was added to HINTS.md since the last turn; it is logged as an event. */
function freshHints({ journal }: LoopParts, sprint: OpenSprint, hints: Hints): string[] {
  const text = hints.fresh();
  if (text === null) return [];
  journal.emit({ type: 'hint.given', sprint: sprint.claim?.id ?? null, text });
  return [`${ADDED}\n${marked(text)}`];
}

/** The prompt and what was said between two turns, without the results of tools. */
const saidByUs = (messages: readonly BetaMessageParam[]): string[] =>
  messages
    .filter(({ role }) => role !== 'assistant')
    .flatMap(({ content }) =>
      typeof content === 'string'
        ? [content]
        : (content ?? []).flatMap((block) => (block.type === 'text' ? [block.text] : [])),
    );

/**
 * The largest share of the money left that one whole call with the web may cost. Above it, a conversation
 * begins without the web.
 */
const WEB_SHARE = 0.25;

/**
 * Whether web search and fetch are offered in a conversation that begins with this prompt: they are
 * available, wanted and affordable.
 */
function webFits(loop: LoopParts, prompt: string): boolean {
  const {
    connection,
    config: { task },
  } = loop;
  if (!connection.web || connection.lacks.has('web')) return false;
  const inputTokens = 2 * mostTokens([systemPrompt(task.contract), prompt]);
  const call = {
    inputTokens,
    maxTokens: task.contract.model.maxTokens,
    cacheTtl: cacheTtl(loop),
    compacts: false,
  };
  const worst = worstOf({ ...call, ...wholeWeb }, connection.price);
  return affords(loop, worst, WEB_SHARE);
}
