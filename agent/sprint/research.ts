import type { BetaMessageParam } from '@anthropic-ai/sdk/resources/beta';
import { ADDED, Hints } from '../hints.ts';
import { type House, sprintsDir } from '../house.ts';
import { readSprints } from '../ledger.ts';
import { CLOSING_TURNS, capNotice, pastCap } from '../night/caps.ts';
import { SlotWatch } from '../night/last-slot.ts';
import { whilePaused } from '../night/pause.ts';
import { sprintPrompt, systemPrompt } from '../prompt.ts';
import { converse, type Ending } from '../researcher/converse.ts';
import type { CacheTtl } from '../researcher/prices.ts';
import type { Reserve } from '../researcher/reserve.ts';
import { WEB_NOTE } from '../researcher/web.ts';
import { makeTools } from '../tools/index.ts';
import { SPRINT_ENDED } from './go-on.ts';
import type { OpenSprint } from './open.ts';

/** Said once to a researcher that falls silent before the sprint is over. */
const NOT_STARTED =
  'No sprint was started. Start one with start_sprint, or say that nothing is left to be tried.';
const NOT_FINISHED =
  'The sprint is still open. Go on, or end it with finish_sprint (candidate null where there is none).';

/**
 * The researcher's part of a sprint, from a fresh conversation (or one that was cut off) to finish_sprint or another end. Every message is
 * in the sprint's transcript before the next call is made.
 */
export async function research(house: House, sprint: OpenSprint): Promise<Ending> {
  const { connection, task, stopper } = house;
  const { model } = task.contract;
  const { transcript } = sprint;
  const slot = new SlotWatch(house, () => sprint.runs);
  if (transcript.messages.length === 0) {
    const prompt = sprintPrompt(house, sprint.number, readSprints(sprintsDir(house.repo)));
    transcript.say({ role: 'user', content: prompt });
  }
  const hints = new Hints(house.repo, saidByUs(transcript.messages));
  // Cut off after its last word: there is nothing left to say, only to judge.
  if (sprint.finish) return { kind: 'finished' };
  if (transcript.awaitsUs) remind(sprint);
  const talk = () =>
    converse({
      connection,
      system: systemPrompt(task.contract) + (connection.web ? `\n\n${WEB_NOTE}` : ''),
      messages: transcript.messages,
      onMessage: (message) => transcript.record(message),
      tools: makeTools(sprint),
      maxTokens: model.maxTokens,
      effort: model.effort,
      // The cap of the sprint comes before: it is told.
      maxTurns: house.limits.sprint.turns + CLOSING_TURNS + 1,
      stallMs: model.stallSeconds * 1000,
      cacheTtl: cacheTtl(house),
      ready: () => whilePaused(house),
      mayCall: (reserve) => overLimit(house, reserve) ?? pastCap(house) ?? slot.past(),
      isFinished: () => sprint.finish !== null,
      stopRequested: () => stopper.requested()?.reason ?? null,
      hints: () => [...freshHints(house, sprint, hints), ...capNotice(house, sprint), ...slot.notice()],
      onCall: (reserve) =>
        house.events.emit({ type: 'turn.started', sprint: sprint.claim?.id ?? null, reserve }),
      onFree: (reason) =>
        house.events.emit({ type: 'turn.failed', sprint: sprint.claim?.id ?? null, reason }),
      onNotice: (text, level) => house.events.emit({ type: 'loop.notice', level, text }),
      onTurn: ({ model, message, usage, usd, seconds }) => {
        house.split.add('researcher', seconds);
        house.events.emit({
          type: 'turn.finished',
          sprint: sprint.claim?.id ?? null,
          model,
          stopReason: message.stopReason,
          text: message.text,
          usage: {
            inputTokens:
              usage.inputTokens + usage.cacheReadTokens + usage.cacheWrite5mTokens + usage.cacheWrite1hTokens,
            cachedInputTokens: usage.cacheReadTokens,
            outputTokens: usage.outputTokens,
            usd,
          },
          seconds,
        });
      },
      wait: async (seconds, reason) => {
        house.events.emit({ type: 'loop.waiting', reason, seconds });
        const end = Math.min(Date.now() + seconds * 1000, house.limits.until.getTime());
        await house.split.time('waiting', async () => {
          while (Date.now() < end && !stopper.requested() && !slot.past())
            await stopper.sleep(Math.min(LOOK_SECONDS, (end - Date.now()) / 1000));
        });
      },
      signal: stopper.hard,
    });

  let ending = await talk();
  // The replay says so when its path is walked; a model may only have forgotten.
  const mayBeDone = connection.kind === 'offline' && !sprint.claim;
  if (ending.kind === 'silent' && !mayBeDone) {
    remind(sprint);
    ending = await talk();
  }
  await sprint.runs?.stopAll(SPRINT_ENDED);
  return ending;
}

const remind = ({ transcript, claim }: OpenSprint) =>
  transcript.say({ role: 'user', content: claim ? NOT_FINISHED : NOT_STARTED });

/** How often a wait for the API looks whether the device is wanted. */
const LOOK_SECONDS = 30;

/**
 * How long the API is to keep what it has read. An hour costs 0.75 of the input's price more for every token that is written, and saves
 * 1.15 for every token of history at each wait between 5 minutes and an hour: it pays from about one such wait in a sprint.
 */
function cacheTtl({ profile, state }: House): CacheTtl {
  const speed = state().probedSpeed;
  return speed !== null && profile.budgets.rank / speed > 300 ? '1h' : '5m';
}

/** What was added to HINTS.md since the last turn, and told as events. */
function freshHints({ events }: House, sprint: OpenSprint, hints: Hints): string[] {
  const text = hints.fresh();
  if (text === null) return [];
  events.emit({ type: 'hint.given', sprint: sprint.claim?.id ?? null, text });
  return [`${ADDED}\n${text}`];
}

/** The prompt, and what was told between two turns; not what tools answered. */
const saidByUs = (messages: readonly BetaMessageParam[]): string[] =>
  messages
    .filter(({ role }) => role === 'user')
    .flatMap(({ content }) =>
      typeof content === 'string'
        ? [content]
        : (content ?? []).flatMap((block) => (block.type === 'text' ? [block.text] : [])),
    );

/** Why the next call may not be made: the loop's money or its time is at an end. */
function overLimit({ limits, state }: House, reserve: Reserve): { of: 'loop'; reason: string } | null {
  const over = (reason: string) => ({ of: 'loop' as const, reason });
  if (Date.now() >= limits.until.getTime())
    return over(`the time is up (${limits.until.toISOString().slice(0, 16)} UTC)`);
  const { usd, tokens } = state();
  if (limits.usd !== null && usd + reserve.usd > limits.usd) {
    return over(
      `the money limit of ${limits.usd} USD: ${usd.toFixed(2)} spent, and the next call could cost ${reserve.usd.toFixed(2)}`,
    );
  }
  if (limits.tokens !== null && tokens + reserve.tokens > limits.tokens) {
    return over(
      `the limit of ${limits.tokens} tokens: ${tokens} used, and the next call could use ${reserve.tokens}`,
    );
  }
  return null;
}
