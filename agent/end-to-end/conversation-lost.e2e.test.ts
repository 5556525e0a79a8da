import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import type { MessagesRequest } from '#replay/protocol';
import { type MessagesServer, startMessagesServer } from '#replay/server';
import { sprintsDir } from '../common/paths.ts';
import { loopIn, tinyRepository } from '../fixtures/loop.ts';
import { call, scripted, sprintTo, start, train, wait, write } from '../fixtures/scripted.ts';
import { readSprints } from '../ledger/ledger.ts';

let server: MessagesServer | undefined;
afterEach(async () => {
  await server?.close();
  delete process.env.ANTHROPIC_API_KEY;
  delete process.env.ANTHROPIC_BASE_URL;
});

it('keeps what a sprint has whose conversation the API refuses to go on with: its full run is judged, its log says why, the next begins afresh', async () => {
  const script = scripted([
    [start('first'), write(0.7), train(), wait, call('read_results')],
    sprintTo('second', 0.8),
  ]);
  const requests: MessagesRequest[] = [];
  server = await startMessagesServer((request) => {
    requests.push(structuredClone(request));
    const first = JSON.stringify(request.messages).includes('# Sprint 1\\n');
    const turn = request.messages.filter(({ role }) => role === 'assistant').length;
    if (!first || turn < 4) return script(request);
    const message =
      'messages.1.content.0: Invalid `signature` in `thinking` block. The block is bound to a different conversation. Remove the block, or set `thinking.block_binding.prefix_mismatch_behavior` to "drop_block".';
    return { status: 400, type: 'invalid_request_error', message };
  });
  process.env.ANTHROPIC_API_KEY = 'sk-ant-test-0123456789';
  process.env.ANTHROPIC_BASE_URL = server.url;
  const repo = tinyRepository();
  const { code } = await loopIn(repo, { researcher: 'claude', maxSprints: 2 });
  expect(code).toBe(0);
  const [first, second] = readSprints(sprintsDir(repo));
  expect(first).toMatchObject({ outcome: 'new-best', verdict: { metrics: { f1: 0.7 } } });
  expect(first.reason).toContain(
    'the loop chose the candidate, not the researcher: 400 invalid_request_error',
  );
  expect(readFileSync(join(sprintsDir(repo), first.id, 'README.md'), 'utf8')).toContain(
    'The loop adds: the conversation ended before finish_sprint (400 invalid_request_error: messages.1.content.0: Invalid `signature`',
  );
  expect(second).toMatchObject({ outcome: 'new-best', verdict: { metrics: { f1: 0.8 } } });
  expect(
    requests.find(({ messages }) => JSON.stringify(messages).includes('# Sprint 2\\n'))?.messages,
  ).toHaveLength(1);
  expect(server.mismatches).toBe(0);
});
