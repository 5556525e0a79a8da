import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { tryBubblewrap } from '#host/bubblewrap';
import { noSandbox } from '#host/sandbox';
import { worktreeOf } from '#host/worktree';
import type { MessagesRequest } from '#replay/protocol';
import { startMessagesServer } from '#replay/server';
import { loopIn, tinyRepository } from '../fixtures/loop.ts';
import { git } from '../fixtures/repo.ts';
import { call, finish, scripted, start } from '../fixtures/scripted.ts';
import { pdfOf } from './fixtures/pdf.ts';
import { readPapers } from './papers.ts';

const before = { ...process.env };
afterEach(() => {
  process.env = { ...before };
});

it('the researcher is told of the papers and reads them by its own tools; the loop commits none', async () => {
  const repo = tinyRepository();
  mkdirSync(join(repo, 'papers'));
  writeFileSync(join(repo, 'papers/codes.pdf'), pdfOf(['Read me as text.'], { title: 'On codes' }));
  writeFileSync(join(repo, 'papers/broken.pdf'), 'no');
  const sandbox = noSandbox('test');
  const papers = await readPapers({ repo, sandbox, signal: new AbortController().signal });
  const path = `checkpoints/papers/${papers[1]?.text}`;
  let heard = '';
  const script = [
    start('first'),
    call('str_replace_based_edit_tool', { command: 'view', path }),
    call('bash', { command: `grep -c 'as text' ${path}; echo x > ${path} || echo kept` }),
    finish({ candidate: null }),
  ];
  const server = await startMessagesServer((request: MessagesRequest) => {
    heard = JSON.stringify(request.messages);
    return scripted([script])(request);
  });
  process.env.ANTHROPIC_API_KEY = 'test-key';
  process.env.ANTHROPIC_BASE_URL = server.url;
  const confined = (await tryBubblewrap(repo)).ok;
  const how = { researcher: 'claude', maxSprints: 1, sandbox: confined ? 'auto' : 'off' } as const;
  const { code, events } = await loopIn(repo, how);
  await server.close();
  expect(code).toBe(0);
  expect(heard).toContain(`- ${path}: \\"On codes\\" (codes.pdf; 1 page, `);
  expect(heard.match(/Read me as text\./g)).toHaveLength(1);
  expect(heard).toContain(confined ? 'Read-only file system\\nkept' : '"1"');
  const notices = events.flatMap((event) => (event.type === 'loop.notice' ? [event.text] : []));
  expect(notices).toContain('papers/broken.pdf is not given to the researcher: it is broken, or is no PDF');
  expect(git(worktreeOf(repo), 'log', '--all', '--name-only', '--format=')).not.toContain('papers');
});
