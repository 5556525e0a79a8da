import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { worktreeOf } from '#host/worktree';
import type { MessagesRequest } from '#replay/protocol';
import { type MessagesServer, startMessagesServer } from '#replay/server';
import { sprintsDir } from '../common/paths.ts';
import type { LoopOptions } from '../config/config.ts';
import { loopIn, optionsFor, tinyRepository } from '../fixtures/loop.ts';
import { git } from '../fixtures/repo.ts';
import { call, finish, type Step, scripted, sprintTo, start, train, wait } from '../fixtures/scripted.ts';
import { readSprints } from '../ledger/ledger.ts';
import { readStatus, type Status } from '../screen/status.ts';
import { preflight } from '../start/preflight.ts';

const KEY = 'sk-ant-test-0123456789';
let server: MessagesServer | undefined;
afterEach(async () => {
  await server?.close();
  delete process.env.ANTHROPIC_API_KEY;
  delete process.env.ANTHROPIC_BASE_URL;
});

/** A loop with Claude whose API is a local server. */
async function night(
  respond: Parameters<typeof startMessagesServer>[0],
  more: Partial<LoopOptions> = {},
  listen?: Parameters<typeof loopIn>[2],
) {
  server = await startMessagesServer(respond);
  process.env.ANTHROPIC_API_KEY = KEY;
  process.env.ANTHROPIC_BASE_URL = server.url;
  const repo = tinyRepository();
  const { code, events } = await loopIn(repo, { researcher: null, ...more }, listen);
  return { repo, code, events, sprints: readSprints(sprintsDir(repo)) };
}

describe('Claude at the wheel', () => {
  it('takes all of the workspace over, pays for what it uses, and says who it was', async () => {
    const script: Step[][] = [sprintTo('first', 0.7)];
    const requests: MessagesRequest[] = [];
    const { repo, events, sprints } = await night(
      (request) => {
        requests.push(request);
        return scripted(script)(request);
      },
      { maxSprints: 1 },
    );
    expect(events[0]).toMatchObject({
      researcher: 'Claude (claude-haiku-5-5)',
      sandbox: 'off (--sandbox off)',
    });
    expect(sprints[0]).toMatchObject({
      outcome: 'new-best',
      researcher: { kind: 'claude', model: 'claude-haiku-5-5' },
    });
    expect(sprints[0].cost.usd).toBeGreaterThan(0);
    expect(git(worktreeOf(repo), 'log', '-1', '--format=%(trailers:key=Researcher)')).toContain(
      'claude (claude-haiku-5-5)',
    );
    expect(git(worktreeOf(repo), 'ls-files', 'work/extra.json')).toBe('work/extra.json');
    const prompt = JSON.stringify(requests[0].messages);
    for (const part of [
      'Follow the instructions in TASK.md.',
      'Make the number in work/number.json large',
      'best-known workspace: ',
    ]) {
      expect(prompt).toContain(part);
    }
    expect(requests[0].tools?.map((t) => t.type)).toContain('bash_20250124');
    // The key appears only in the request header.
    const logs = readdirSync(join(repo, 'state/logs')).map((f) =>
      readFileSync(join(repo, 'state/logs', f), 'utf8'),
    );
    expect([...logs, readFileSync(join(repo, 'state/events.jsonl'), 'utf8')].join()).not.toContain(KEY);
  });

  it('stops with exit code 3 for a key that is not accepted, and commits what was open', async () => {
    let calls = 0;
    const { repo, code, events, sprints } = await night((request) =>
      ++calls < 3
        ? scripted([[start('first'), start('again')]])(request)
        : { status: 401, type: 'authentication_error', message: 'no' },
    );
    expect(code).toBe(3);
    expect(events.at(-1)).toMatchObject({
      code: 'credentials',
      reason: expect.stringContaining('does not accept the credentials (401); check ANTHROPIC_API_KEY'),
    });
    expect(sprints.map((s) => s.outcome)).toEqual(['interrupted']);
    expect(git(worktreeOf(repo), 'status', '--porcelain')).toBe('');
  });

  it('stops with exit code 4 after three identical failures', async () => {
    const { code, events } = await night(() => ({
      status: 400,
      type: 'invalid_request_error',
      message: 'too strange',
    }));
    expect(code).toBe(4);
    expect(events.at(-1)).toMatchObject({ code: 'same-failure' });
    expect(events.filter((e) => e.type === 'sprint.dropped')).toHaveLength(3);
  });

  it('reminds a model that falls silent once, and does not take its silence for the end of the night', async () => {
    let calls = 0;
    const { code, events } = await night(() => {
      calls++;
      return { content: [{ type: 'text', text: 'All is done.' }] };
    });
    expect(calls).toBe(6);
    expect(code).toBe(4);
    expect(events.at(-1)).toMatchObject({ code: 'no-sprint' });
  });

  it('records a sprint that was refused as failed, with what the model said', async () => {
    let calls = 0;
    const { sprints, repo } = await night(
      (request) =>
        ++calls === 1
          ? scripted([[start('first')]])(request)
          : { content: [{ type: 'text', text: 'I may not do that.' }], stopReason: 'refusal' },
      { maxSprints: 1 },
    );
    expect(sprints).toMatchObject([{ outcome: 'failed', reason: 'the model refused: I may not do that.' }]);
    expect(git(worktreeOf(repo), 'status', '--porcelain')).toBe('');
  });

  it('names every model that was asked, where one refused and another took over', async () => {
    const { sprints, repo } = await night(
      (request) =>
        request.model === 'claude-sonnet-5-5' && request.messages.length > 1
          ? { content: [{ type: 'text', text: 'I may not do that.' }], stopReason: 'refusal' }
          : scripted([sprintTo('first', 0.7).slice(1)])(request),
      { maxSprints: 1, model: 'claude-sonnet-5-5' },
    );
    const models = ['claude-sonnet-5-5', 'claude-haiku-5-5'];
    expect(sprints).toMatchObject([
      { outcome: 'new-best', researcher: { models, label: `Claude (${models.join(', ')})` } },
    ]);
    expect(git(worktreeOf(repo), 'log', '-1', '--format=%(trailers:key=Researcher,valueonly)').trim()).toBe(
      'claude (claude-sonnet-5-5, claude-haiku-5-5)',
    );
  });

  it('shows in its status that it waits for an overloaded API, and why, and can be stopped meanwhile', async () => {
    let seen: Status | undefined;
    const { code } = await night(
      () => ({
        status: 529,
        type: 'overloaded_error',
        message: 'Overloaded',
        headers: { 'retry-after': '600' },
      }),
      {},
      (loop) => (event) => {
        if (event.type !== 'loop.waiting') return;
        seen = readStatus(loop.config.repo);
        loop.stopper.ask({ code: 'stop', reason: 'enough' });
      },
    );
    expect(code).toBe(0);
    expect(seen).toMatchObject({
      loop: 'running',
      usd: 0,
      waiting: { reason: expect.stringContaining('Overloaded') },
    });
    const seconds = (Date.parse(seen?.waiting?.until ?? '') - Date.now()) / 1000;
    expect(seconds).toBeGreaterThan(500);
  });

  it('searches the web where it is on, and says so in its prompt', async () => {
    const requests: MessagesRequest[] = [];
    await night(
      (request) => {
        requests.push(request);
        return { content: [{ type: 'text', text: 'All is done.' }] };
      },
      { web: true },
    );
    expect(requests[0].tools?.map((t) => t.name)).toContain('web_search');
    expect(JSON.stringify(requests[0].system)).toContain('web_search and web_fetch are switched on');
  });

  it('stops at its money limit without the call that could exceed it', async () => {
    const { code, events, sprints } = await night(
      scripted([[start('first'), ...Array(50).fill(call('read_results'))]]),
      {
        maxUsd: 0.01,
      },
    );
    expect(code).toBe(0);
    expect(events.at(-1)).toMatchObject({ type: 'loop.stopped', code: 'money' });
    expect(sprints[0].cost.usd).toBeLessThanOrEqual(0.01);
  });
});

describe('limits', () => {
  it('stops when the target is verified, and before the call that could exceed the tokens', async () => {
    const script = [sprintTo('first', 0.6), sprintTo('second', 0.8), sprintTo('third', 0.9)];
    const reached = await night(scripted(script), { target: { metric: 'f1', sign: '=', value: 0.75 } });
    expect(reached.events.at(-1)).toMatchObject({
      code: 'target',
      reason: 'the target is reached: f1 0.8, verified',
    });
    expect(reached.sprints).toHaveLength(2);
    await server?.close();
    const tokens = await night(scripted(script), { maxTokens: 20_000 });
    expect(tokens.events.at(-1)).toMatchObject({ type: 'loop.stopped', code: 'tokens' });
  });

  it('refuses a run that the hours of training, or the time, have no room for', async () => {
    const script = [
      [
        start('first'),
        train('plain', { samples: 1000 }),
        wait,
        train('plain', { samples: 100_000 }),
        finish(),
      ],
    ];
    const { events } = await night(scripted(script), { trainHours: 0.01, maxSprints: 1 });
    const refused = events.filter((e) => e.type === 'tool.finished' && !e.ok);
    expect(refused).toHaveLength(1);
    expect(events.filter((e) => e.type === 'run.started')).toHaveLength(1);
  });
});

describe('preflight', () => {
  const refused = async (repo: string, more: Partial<LoopOptions>) =>
    preflight(optionsFor(repo, more)).then(
      () => 'not refused',
      (error: Error) => error.message,
    );

  it('refuses in one line what cannot work, and writes nothing', async () => {
    const repo = tinyRepository();
    expect(await refused(repo, { researcher: 'claude' })).toContain(
      'neither ANTHROPIC_API_KEY nor ANTHROPIC_AUTH_TOKEN is set',
    );
    expect(await refused(repo, { profile: 'nope' })).toContain('unknown profile "nope"; ');
    expect(await refused(repo, { profile: 'large' })).toBe(
      'profile "large" cannot run here: no large machine here',
    );
    expect(await refused(repo, { until: '25:00' })).toContain('must be a time of day');
    process.env.ANTHROPIC_API_KEY = KEY;
    expect(await refused(repo, { researcher: 'claude', model: 'gpt' })).toContain('model "gpt" has no price');
    expect(git(repo, 'status', '--porcelain', '--ignored')).toBe('');
    expect(git(repo, 'branch')).toBe('* main');
  });

  it('chooses the profile: for Claude the first that requires something and gets it, else the first that requires nothing', async () => {
    process.env.ANTHROPIC_API_KEY = KEY;
    const repo = tinyRepository();
    expect(await preflight(optionsFor(repo, { researcher: null }))).toMatchObject({
      researcher: 'claude',
      profileName: 'tiny',
      profileWhy: 'large: no large machine here',
      start: 'best-known',
    });
    expect(await preflight(optionsFor(repo))).toMatchObject({
      profileName: 'tiny',
      profileWhy: null,
      start: 'baseline',
    });
  });

  it('gives the replay the default profile of the task, where Claude gets the first that requires nothing', async () => {
    process.env.ANTHROPIC_API_KEY = KEY;
    const repo = tinyRepository();
    const path = join(repo, 'TASK.md');
    const text = readFileSync(path, 'utf8').replace(/ +requires: .*\n/, '');
    writeFileSync(path, text.replace('profiles:', 'defaultProfile: large\nprofiles:'));
    git(repo, 'commit', '-qam', 'Choose a profile');
    expect(await preflight(optionsFor(repo))).toMatchObject({ profileName: 'large' });
    const options = optionsFor(repo, { researcher: null });
    expect(await preflight(options)).toMatchObject({ researcher: 'claude', profileName: 'tiny' });
  });

  it('gives the replay the first profile where each requires something, or says what that lacks', async () => {
    const repo = tinyRepository();
    const path = join(repo, 'TASK.md');
    const text = readFileSync(path, 'utf8');
    const requires = (command: string): void => {
      writeFileSync(path, text.replace('    world: tiny', `    world: tiny\n    requires: ${command}`));
      git(repo, 'commit', '-qam', command);
    };
    requires('node -e ""');
    expect(await preflight(optionsFor(repo))).toMatchObject({ profileName: 'tiny' });
    requires('node no-large-machine.mjs');
    expect(await refused(repo, {})).toBe('profile "tiny" cannot run here: no large machine here');
  });
});
