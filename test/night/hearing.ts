import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { BetaMessageParam } from '@anthropic-ai/sdk/resources/beta';
import { eventsPath, stateDir } from '#agent/common/paths';
import { readEvents } from '#agent/journal/events';
import { Transcript } from '#agent/open-sprint/transcript';
import type { Account } from './claude.ts';

/** Problems with what the researcher was told, found in the transcripts and the log. */
export function hearing(repo: string, { hints, heard }: Account): string[] {
  return [...hints.flatMap((text) => hintTrouble(repo, text, heard)), ...notices(repo)];
}

/**
 * A hint appears once, in the messages of the sprint in which it came; later sprints have it in their
 * prompts.
 */
function hintTrouble(repo: string, hint: string, heard: ReadonlySet<string>): string[] {
  const folder = join(stateDir(repo), 'transcripts');
  const told = readdirSync(folder).flatMap((name) => {
    const { messages } = new Transcript(join(folder, name));
    const times = messages
      .slice(1)
      .flatMap(wordsOfOurs)
      .filter((text) => text.includes(hint)).length;
    return Array<string>(times).fill(name);
  });
  return [
    ...(told.length === 1 ? [] : [`the hint "${hint}" stands in ${told.join(', ') || 'no transcript'}`]),
    ...(heard.has(hint) ? [] : [`the hint "${hint}" was in no request`]),
  ];
}

/** The text blocks of a message of the supervisor, without the results of tools. */
const wordsOfOurs = ({ role, content }: BetaMessageParam): string[] =>
  role === 'assistant' || !Array.isArray(content)
    ? []
    : content.flatMap((block) => (block.type === 'text' ? [block.text] : []));

/**
 * Notices that must not appear. The server knows every feature, and every conversation only grew: nothing is
 * left out of a call, and no thinking is dropped.
 */
function notices(repo: string): string[] {
  return logsOf(repo)
    .flatMap(readEvents)
    .flatMap((event) =>
      event.type === 'loop.notice' && event.code !== undefined ? [`notice: ${event.text}`] : [],
    );
}

/** Each loop has its own log; the logs of earlier loops are in the folder `logs`. */
function logsOf(repo: string): string[] {
  const folder = join(stateDir(repo), 'logs');
  const earlier = readdirSync(folder).filter((name) => name.startsWith('events-'));
  return [...earlier.map((name) => join(folder, name)), eventsPath(repo)];
}
