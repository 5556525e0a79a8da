import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  writeFileSync,
} from 'node:fs';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { LoggedEvent } from '#contract/event';
import { tryBubblewrap } from '#host/bubblewrap';
import { worktreeOf } from '#host/worktree';
import { startMessagesServer } from '#replay/server';
import { sprintsDir } from '../common/paths.ts';
import { loopIn, tinyRepository } from '../fixtures/loop.ts';
import { emptyFolder, git } from '../fixtures/repo.ts';
import { call, finish, type Step, scripted, start, train, wait, write } from '../fixtures/scripted.ts';
import { readSprints } from '../ledger/ledger.ts';

const tried = await tryBubblewrap(emptyFolder());
if (!tried.ok) console.log(`SKIP sandbox tests of the loop: ${tried.why}`);

const CANARY = 'canary-0123456789';
const SCRIPT = join(import.meta.dirname, '../fixtures/escape.sh');

/** A trainer that tries to escape from the sandbox before it trains. */
const TRAINER = `
import { execFileSync } from 'node:child_process';
import { copyFileSync, writeFileSync } from 'node:fs';
const out = process.argv[process.argv.indexOf('--out') + 1];
copyFileSync('work/facts', out + '/facts');
writeFileSync(out + '/facts', 'MINE=' + out + '\\nREPO=$CHECKOUT\\n', { flag: 'a' });
writeFileSync(out + '/said', execFileSync('bash', ['work/escape.sh', out + '/facts']));
await import('./learn.mjs');
`;

/**
 * A sandboxed sprint of Claude whose bash and training run both try every escape. It runs once for all
 * assertions.
 */
describe.skipIf(!tried.ok)('from the sandbox one cannot', () => {
  const said = { bash: '', train: '' };
  let repo: string;
  let before: Record<string, string>;
  let events: LoggedEvent[];
  let answers = '';
  const servers: Server[] = [];

  const listen = async (where: number | string): Promise<Server> => {
    const server = createServer((socket) => socket.end(CANARY));
    await new Promise<void>((up) => server.listen(where as number, up));
    servers.push(server);
    return server;
  };
  /** Files that nobody may change. */
  const look = (root = repo) =>
    Object.fromEntries(
      ['TASK.md', 'judge.mjs', 'sprints/earlier/README.md', 'checkpoints/other/run.json'].map((file) => [
        file,
        readFileSync(join(root, file), 'utf8'),
      ]),
    );

  beforeAll(async () => {
    // The home folder holds the checkout and secrets.
    const home = realpathSync(mkdtempSync(join(tmpdir(), 'home-')));
    repo = join(home, 'checkout');
    renameSync(tinyRepository(), repo);
    const put = (path: string, text: string) => {
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, text);
    };
    for (const name of ['.netrc', '.config/gh/hosts.yml', '.git-credentials', 'worlds/truth'])
      put(join(home, name), CANARY);
    for (const name of ['.env', '.env.local', '.npmrc', 'checkpoints/other/out/optimizer.safetensors'])
      put(join(repo, name), CANARY);
    put(join(repo, 'checkpoints/other/run.json'), '{}');
    put(join(sprintsDir(repo), 'earlier/README.md'), '# Earlier\n');
    writeFileSync(join(repo, '.gitignore'), 'state/\ncheckpoints/\n.env*\n.npmrc\n');
    renameSync(join(repo, 'work/train.mjs'), join(repo, 'work/learn.mjs'));
    writeFileSync(join(repo, 'work/train.mjs'), TRAINER);
    cpSync(SCRIPT, join(repo, 'work/escape.sh'));
    const { port } = (await listen(0)).address() as AddressInfo;
    const socketFile = join(home, 'socket');
    await listen(socketFile);
    await listen(`\0loop-${process.pid}`);
    const facts = {
      // The shell tries it in the loop's worktree, the training in the user's checkout.
      ...{ REPO: worktreeOf(repo), CHECKOUT: repo, MINE: join(worktreeOf(repo), 'work') },
      ...{ EARLIER: 'sprints/earlier', WORLDS: join(home, 'worlds') },
      ...{ PID: process.pid, PORT: port, SOCKET: `loop-${process.pid}`, SOCKET_FILE: socketFile },
    };
    writeFileSync(
      join(repo, 'work/facts'),
      Object.entries(facts)
        .map(([name, value]) => `export ${name}=${value}\n`)
        .join(''),
    );
    git(repo, 'config', 'http.extraHeader', `Authorization: ${CANARY}`);
    git(repo, 'add', '-A');
    git(repo, '-c', 'user.name=Test', '-c', 'user.email=test@example.org', 'commit', '-qm', 'Sandbox');

    const script: Step[][] = [
      [
        start('escape'),
        call('bash', { command: 'bash work/escape.sh work/facts' }),
        ...['.env', '.env.local', '.git/config', '../.netrc', 'state/events.jsonl'].map((path) =>
          call('str_replace_based_edit_tool', { command: 'view', path }),
        ),
        write(0.7),
        train(),
        wait,
        finish(),
      ],
    ];
    const server = await startMessagesServer((request) => {
      answers = JSON.stringify(request.messages);
      const last = JSON.stringify(request.messages.at(-1)?.content);
      if (last.includes('write where it may')) said.bash = last;
      return scripted(script)(request);
    });
    const environment = { ...process.env };
    Object.assign(process.env, {
      ...{ HOME: home, WORLD_DIR: join(home, 'worlds') },
      ...{ ANTHROPIC_API_KEY: `sk-ant-${CANARY}`, ANTHROPIC_BASE_URL: server.url },
    });
    before = look();
    const loop = await loopIn(repo, { researcher: 'claude', sandbox: 'auto', maxSprints: 1 });
    events = loop.events;
    process.env = environment;
    await server.close();
    const [sprint] = readSprints(sprintsDir(repo));
    said.train = readFileSync(join(repo, 'checkpoints', sprint.runs[0].id, 'out/said'), 'utf8');
    // A process that outlives its call writes after a second.
    await sleep(1100);
  });
  afterAll(() => {
    for (const server of servers) server.close();
  });

  const ways = [...readFileSync(SCRIPT, 'utf8').matchAll(/^(?:closed|silent) (['"])(.+?)\1 /gm)].map(
    (m) => m[2],
  );
  it.each(ways)('%s', (way) => {
    expect(said.bash).toContain(`${way}: held`);
    expect(said.train).toContain(`${way}: held`);
  });

  it('change what is not its own, or leave a process behind', () => {
    for (const root of [repo, worktreeOf(repo)]) expect(look(root)).toEqual(before);
    expect(said.bash).toContain('write where it may: done');
    expect(said.train).toContain('write where it may: done');
    const [sprint] = readSprints(sprintsDir(repo));
    for (const folder of ['state/worktree/work', join('checkpoints', sprint.runs[0].id, 'out')]) {
      expect(existsSync(join(repo, folder, 'allowed'))).toBe(true);
      expect(existsSync(join(repo, folder, 'late'))).toBe(false);
    }
    expect(readdirSync(join(repo, '.git/hooks')).filter((name) => !name.endsWith('.sample'))).toEqual([]);
  });

  it('see the key in anything that the researcher was told', () => {
    expect(said.bash).not.toContain(CANARY);
    expect(answers).not.toContain(CANARY);
  });

  it('keep the work from being done: it is judged, and the sandbox is named', () => {
    const [sprint] = readSprints(sprintsDir(repo));
    expect(sprint).toMatchObject({
      outcome: 'new-best',
      sandbox: 'bubblewrap',
      runs: [{ status: 'finished' }],
    });
    expect(events[0]).toMatchObject({ sandbox: 'bubblewrap' });
  });
});
