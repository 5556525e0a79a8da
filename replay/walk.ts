import type { MessagesRequest, Reply } from './protocol.ts';
import { nextTurn } from './script.ts';
import { sprint } from './sprint.ts';
import { exchangesOf } from './transcript.ts';

/** What answers name as their model, so that no record can take the replay for Claude. */
export const MODEL = 'offline-replay';

/** The replay's next turn. A function of the request alone: nothing is remembered between calls. */
export function walk(request: Pick<MessagesRequest, 'messages' | 'tools'>): Reply {
  const notes = request.tools?.some(({ name }) => name === 'note') ?? false;
  return { model: MODEL, content: nextTurn(sprint(notes), exchangesOf(request)) };
}
