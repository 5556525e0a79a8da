import { spawn, spawnSync } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';
import { joinCommand } from '#host/command';
import { type MessagesServer, startMessagesServer } from '#replay/server';
import { eventsPath } from '../common/paths.ts';
import { optionsFor, START, startCommand, tinyRepository } from '../fixtures/loop.ts';
import { git } from '../fixtures/repo.ts';
import { EventLog } from '../journal/events.ts';
import { preflight } from '../start/preflight.ts';
import { offer } from './offer.ts';

const here = dirname(fileURLToPath(import.meta.url));
const noTerminal = spawnSync('script', ['--version']).status !== 0;

let server: MessagesServer;
let calls = 0;
afterEach(() => server.close());

async function environment() {
  calls = 0;
  server = await startMessagesServer(() => {
    calls++;
    return { status: 401, type: 'authentication_error', message: 'no' };
  });
  return { ANTHROPIC_API_KEY: 'sk-ant-test-0123456789', ANTHROPIC_BASE_URL: server.url };
}

describe('before the first paid call', () => {
  it.skipIf(noTerminal)(
    'a terminal is told the cost and has 10 s: Ctrl-C then pays and writes nothing, and exits 130',
    async () => {
      const env = await environment();
      const repo = tinyRepository();
      const loop = [process.execPath, START, join(here, 'loop.ts')];
      // `script` gives the command a terminal of its own and its exit code back.
      const child = spawn('script', ['-qefc', `${joinCommand(loop)} --sandbox off`, '/dev/null'], {
        cwd: repo,
        env: { ...process.env, ...env },
      });
      let said = '';
      let left = false;
      child.stdout.on('data', (chunk: Buffer) => {
        said += chunk;
        if (!left && said.includes('at no cost')) left = child.stdin.write('\x03');
      });
      const code = await new Promise((resolve) => child.once('close', resolve));
      expect(said).toMatch(
        /Money: at most 5 USD; likely a sprint about 0\.\d\d USD .*; claude-haiku-5-5 costs 0\.1 in \/ 0\.5 out/,
      );
      expect(said).toContain('nothing was paid');
      expect(code).toBe(130);
      expect(calls).toBe(0);
      expect(git(repo, 'status', '--porcelain', '--ignored')).toBe('');
      expect(git(repo, 'branch')).toBe('* main');
    },
  );

  it('without a terminal the cost is told and the call is made', async () => {
    const env = await environment();
    Object.assign(process.env, env);
    const loop = startCommand(tinyRepository(), 'loop', '--sandbox', 'off');
    for (const name of Object.keys(env)) delete process.env[name];
    expect(await loop.ended).toBe(3);
    expect(loop.said()).toContain('Money: at most 5 USD');
    expect(loop.said()).toMatch(
      /likely a sprint about 0\.\d\d USD .* by 127\.0\.0\.1:\d+, key of ANTHROPIC_API_KEY/,
    );
    expect(calls).toBe(1);
  });

  it('says what a loop that was cut off has used of the limits already', async () => {
    Object.assign(process.env, await environment());
    const repo = tinyRepository();
    git(repo, 'branch', 'run/x');
    const log = EventLog.open(eventsPath(repo)).log;
    log.emit({
      ...{ type: 'loop.started', branch: 'run/x', profile: 'tiny', leaderboard: 'x', researcher: 'x' },
      ...{ sandbox: 'x', pid: 1, processStart: null, resumed: false },
    });
    const usage = { inputTokens: 1, cachedInputTokens: 0, outputTokens: 1, usd: 3.1 };
    log.emit({ type: 'turn.finished', sprint: null, stopReason: 'cut', text: '', usage, seconds: 1 });
    log.close();
    const told: string[] = [];
    for (const until of [null, '07:30']) {
      const plan = await preflight(optionsFor(repo, { researcher: 'claude', until }));
      await offer(plan, { isTTY: false, write: (text: string) => told.push(text) > 0 });
    }
    delete process.env.ANTHROPIC_API_KEY;
    delete process.env.ANTHROPIC_BASE_URL;
    expect(told[0]).toMatch(/cut off\. Of these limits it has used .* of the hours and 3.10 USD/);
    expect(told[1]).toContain('Continued: a loop that was cut off. Of these limits it has used 3.10 USD');
  });
});
