import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import type { BetaContentBlockParam } from '@anthropic-ai/sdk/resources/beta';
import { expect, it } from 'vitest';
import { emptyFolder } from '../fixtures/repo.ts';
import { Transcript, transcriptPath } from './transcript.ts';

const user = (content: string) => ({ role: 'user', content }) as const;

it.each([
  ['half a line', '{"role":"assistant","con'],
  ['a line of nothing, and more', `${'\0'.repeat(100)}\n{"role":"assistant","content":"lost its place"}\n`],
])('goes on after its last whole message where a crash left %s', (_, left) => {
  const path = join(emptyFolder(), 'transcripts/one.jsonl');
  const first = new Transcript(path);
  first.say(user('one'));
  appendFileSync(path, left);
  const second = new Transcript(path);
  expect(second.messages).toEqual([user('one')]);
  second.say(user('two'));
  expect(new Transcript(path).messages).toEqual([user('one'), user('two')]);
});

it('tells when the researcher had the last word', () => {
  const awaitsUs = (content: BetaContentBlockParam[]) => {
    const transcript = new Transcript(join(emptyFolder(), 'one.jsonl'));
    transcript.say(user('one'));
    expect(transcript.awaitsUs).toBe(false);
    transcript.say({ role: 'assistant', content });
    return transcript.awaitsUs;
  };
  const search = { type: 'server_tool_use', id: 's1', name: 'web_search', input: { query: 'q' } } as const;
  expect(awaitsUs([{ type: 'text', text: 'Done.' }])).toBe(true);
  expect(awaitsUs([{ type: 'tool_use', id: 't1', name: 'bash', input: {} }])).toBe(false);
  expect(awaitsUs([search])).toBe(false);
  expect(awaitsUs([search, { type: 'web_search_tool_result', tool_use_id: 's1', content: [] }])).toBe(true);
});

it('is another one for a sprint that has the number of one dropped in the same second', () => {
  const [dropped, next] = ['2026-01-01T10:00:00.001Z', '2026-01-01T10:00:00.900Z'];
  expect(transcriptPath('state', 3, dropped)).toBe(
    'state/transcripts/2026-01-01T10-00-00.001-sprint-3.jsonl',
  );
  expect(transcriptPath('state', 3, next)).not.toBe(transcriptPath('state', 3, dropped));
});
