import { spawn, spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { joinCommand } from '#host/command';
import { cleanEnv } from '#host/env';
import { eventOf, START, startCommand, tinyRepository } from '../fixtures/loop.ts';
import { emptyFolder } from '../fixtures/repo.ts';
import { finish, sprintTo, start, train, wait } from '../fixtures/scripted.ts';

async function watch(repo: string, ...args: string[]) {
  const command = startCommand(repo, 'watch-loop', ...args);
  return { code: await command.ended, said: command.said() };
}

it('shows a loop of another process until it ends, from any folder', async () => {
  const slow = [start('slow'), train('held'), wait, finish()];
  const repo = tinyRepository([slow, sprintTo('second', 0.75)]);
  const loop = startCommand(repo, 'loop', '--sandbox', 'off', '--max-sprints', '2');
  await eventOf(repo, 'run.started');
  const watcher = startCommand(emptyFolder(), 'watch-loop', repo);
  const once = await watch(emptyFolder(), repo, '--once', '--columns', '40');
  // The run lasts until the watcher has shown it.
  await expect.poll(watcher.said).toContain('Make a number large');
  writeFileSync(join(repo, 'state/may-end'), '');
  expect(once.code, once.said).toBe(0);
  expect(once.said.split('\n').slice(0, 2)).toEqual(['Make a number large', 'running']);
  expect(once.said).toMatch(/^Run {7}\S*held-s0$/m);
  expect(Math.max(...once.said.split('\n').map((line) => line.length))).toBeLessThanOrEqual(40);
  expect(await watcher.ended, watcher.said()).toBe(0);
  expect(await loop.ended).toBe(0);
  const said = watcher.said();
  // The frame at the start, the lines of the console, the frame at the end.
  expect(said.match(/^Make a number large$/gm)).toHaveLength(2);
  expect(said).toMatch(/^ {2}finished after /m);
  expect(said).toMatch(/^ {2}new-best: f1 0\.75 /m);
  expect(said).toMatch(/^ended at \d\d:\d\d: 2 sprints made, as asked$/m);
  // A loop that has ended is shown, and not waited for.
  expect((await watch(repo)).said.match(/^Verdicts {2}new-best {4}second: /gm)).toHaveLength(1);
});

const hasScript = spawnSync('script', ['--version']).status === 0;
it.skipIf(!hasScript)('draws on a terminal until q is pressed, and gives it back as it was', async () => {
  const repo = tinyRepository([[start('slow'), train('slow'), wait, finish()]]);
  const loop = startCommand(repo, 'loop', '--sandbox', 'off');
  await eventOf(repo, 'run.started');
  const program = join(import.meta.dirname, 'watch-loop.ts');
  const argv = joinCommand([process.execPath, START, program, repo]);
  const child = spawn('script', ['-qec', `stty cols 60 rows 20; ${argv}`, '/dev/null'], {
    // With NO_COLOR it writes lines, and waits for no key.
    env: cleanEnv({ TERM: 'xterm', NO_COLOR: undefined }),
  });
  let said = '';
  child.stdout.on('data', (chunk: Buffer) => {
    const seen = said.includes('Make a number large');
    said += chunk;
    if (!seen && said.includes('Make a number large')) child.stdin.write('q');
  });
  const code = await new Promise((resolve) => child.once('close', resolve));
  expect(code, said).toBe(0);
  loop.child.kill('SIGINT');
  await loop.ended;
  const [before = '', after = ''] = said.split('\x1b[?25h\x1b[?1049l');
  expect(before).toContain('\x1b[?1049h\x1b[?25l\x1b[H');
  const rows = before.split('\x1b[H').at(-1)?.split('\n') ?? [];
  expect(rows.length).toBeLessThanOrEqual(20);
  // The last frame stays, and the loop has gone on.
  expect(after).toContain('Make a number large');
  expect(after).toMatch(/^running\r$/m);
});

it('says in one line where no loop can be', async () => {
  expect(await watch(emptyFolder())).toEqual({
    code: 2,
    said: expect.stringMatching(/^error: [^\n]+: no loop has run there[^\n]*\n$/),
  });
  const never = await watch(tinyRepository());
  expect([never.code, never.said.split('\n')[0]]).toEqual([
    0,
    'No loop was started in this checkout yet. Start one with: npm run loop',
  ]);
});
