import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { LoggedEvent } from '#contract/event';
import { redact } from '../common/redact.ts';
import { emptyFolder } from '../fixtures/repo.ts';
import { logOver } from './log.ts';

it('writes each event at once, as JSON, in a file of this loop, without secrets', () => {
  const repo = emptyFolder();
  process.env.MY_PASSWORD = 'correct-horse';
  const log = logOver({ config: { repo } } as Parameters<typeof logOver>[0]);
  const read = () => {
    const [file] = readdirSync(join(repo, 'state/logs'));
    const lines = readFileSync(join(repo, 'state/logs', file), 'utf8')
      .trim()
      .split('\n');
    return lines.map((line) => JSON.parse(line));
  };
  const notice = (text: string, seq: number): LoggedEvent => ({
    ...{ type: 'loop.notice', level: 'warn', text, seq, at: '2026-01-01T00:00:00.000Z' },
    researcherId: 'researcher-1',
  });
  log(notice('it said sk-ant-api03-abcdefgh and correct-horse', 1));
  expect(read()).toMatchObject([{ level: 40, seq: 1, text: 'it said [secret] and [secret]' }]);
  log(notice('more', 2));
  delete process.env.MY_PASSWORD;
  expect(read().map((line) => line.seq)).toEqual([1, 2]);
});

it('blanks what is called a secret or looks like one, and no other word', () => {
  const env = { GITHUB_TOKEN: 'plainwords', API_KEY: 'short', HOME: '/home/somebody' };
  expect(redact('plainwords at /home/somebody, short', env)).toBe('[secret] at /home/somebody, short');
  expect(redact(`ghp_${'a'.repeat(30)} hf_${'b'.repeat(30)}`, {})).toBe('[secret] [secret]');
  expect(redact('sk-learn is a word', {})).toBe('sk-learn is a word');
});

it('blanks a secret that JSON writes otherwise, a webhook, and what an address carries before its host', () => {
  const env = { DB_PASSWORD: 'a "quoted"\nword', LOOP_NOTIFY: 'https://hooks.example.org/T1/B2' };
  const said = `${env.DB_PASSWORD} at ${env.LOOP_NOTIFY}`;
  expect(redact(said, env)).toBe('[secret] at [secret]');
  expect(redact(JSON.stringify({ said }), env)).toBe('{"said":"[secret] at [secret]"}');
  expect(redact('from https://me:pw@example.org/a and https://tok@example.org', {})).toBe(
    'from https://[secret]@example.org/a and https://[secret]@example.org',
  );
  expect(redact('https://example.org/@scope a@b.org', {})).toBe('https://example.org/@scope a@b.org');
});
