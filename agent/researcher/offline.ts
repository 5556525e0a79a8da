import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { z } from 'zod';
import { UserError } from '#contract/errors';
import type { Task } from '#contract/task';
import { startChild } from '#host/child';
import { splitCommand } from '#host/command';
import { cleanEnv } from '#host/env';
import { lastWord } from '#host/last-word';
import { logsDir } from '../common/paths.ts';
import { reachedAt } from './connect/connect.ts';
import { FEATURES } from './connect/features.ts';
import { type Connection, OFFLINE } from './connection.ts';
import { FREE } from './prices.ts';

const Hello = z.object({ url: z.url({ protocol: /^http$/, hostname: /^127\.0\.0\.1$/ }) });

/**
 * Starts the task's `replay` command and waits for its first line, `{"url": "http://127.0.0.1:PORT"}`. The
 * server speaks the Messages API and ends when its standard input closes, so it does not outlive this
 * process.
 * @throws UserError where the task has no replay command or the server does not start in 30 s.
 */
export async function startOffline(task: Task, repo: string): Promise<Connection> {
  const { replay } = task.contract;
  if (!replay)
    throw new UserError(
      `${task.path}: has no "replay" command, so there is no offline researcher; set ANTHROPIC_API_KEY`,
    );
  const child = startChild({
    argv: splitCommand(replay),
    cwd: repo,
    env: cleanEnv(),
    stdio: { stdin: 'pipe', stdout: 'pipe', stderr: 'log' },
    log: { path: join(logsDir(repo), 'replay.log'), maxBytes: 1 << 20 },
  });
  const first = new Promise<string | null>((resolve) => {
    const lines = createInterface({ input: child.stdout! });
    lines.once('line', resolve);
    lines.once('close', () => resolve(null));
    setTimeout(() => resolve(null), 30_000).unref();
  });
  const hello = Hello.safeParse(parseJson(await first));
  if (!hello.success) {
    await child.stop('it did not start');
    const why = lastWord(child.log?.lastLines(60) ?? []);
    throw new UserError(
      `the offline replay ("${replay}") did not start${why ? `: ${why}` : ''}; see state/logs/replay.log`,
    );
  }
  child.stdout?.resume();
  return {
    kind: 'offline',
    label: OFFLINE,
    model: 'offline-replay',
    price: FREE,
    fallback: null,
    web: false,
    lacks: new Set(FEATURES),
    reached: reachedAt(hello.data.url, 'none'),
    close: async () => {
      child.stdin?.end();
      await Promise.race([child.done, new Promise((resolve) => setTimeout(resolve, 2000).unref())]);
      await child.stop('the loop has ended', 1);
    },
  };
}

function parseJson(line: string | null): unknown {
  try {
    return JSON.parse(line ?? '');
  } catch {
    return null;
  }
}
