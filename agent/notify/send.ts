import { UserError } from '#contract/errors';
import { startChild } from '#host/child';
import { isProgram, splitCommand } from '#host/command';
import { cleanEnv } from '#host/env';
import type { News } from './news.ts';

/** Where messages go: to a webhook, or to a local command. */
export type Target = { url: string } | { argv: string[] };

const SECONDS = 10;

/**
 * Reads `--notify`.
 * @throws UserError where it is neither an http(s) address nor a command that can be started.
 */
export function parseTarget(text: string): Target {
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(text)) {
    const url = URL.canParse(text) ? new URL(text) : null;
    if (url?.protocol === 'http:' || url?.protocol === 'https:') return { url: text };
    throw new UserError('--notify (LOOP_NOTIFY): must be an http(s) address, or a command');
  }
  const argv = splitCommand(text);
  const [name = ''] = argv;
  if (isProgram(name)) return { argv };
  throw new UserError(`--notify (LOOP_NOTIFY): ${name}: there is no such program, or it is not executable`);
}

/**
 * Delivers one message: JSON by POST, or JSON on the command's standard input, in an environment without
 * secrets. Takes ten seconds at most.
 * @throws Error with the cause, without the address, which may be a secret.
 */
export async function send(target: Target, news: News, seconds = SECONDS): Promise<void> {
  const body = `${JSON.stringify(news)}\n`;
  if ('url' in target) return post(target.url, body, seconds);
  const [program] = target.argv;
  const child = startChild({
    argv: target.argv,
    cwd: process.cwd(),
    env: cleanEnv(),
    stdio: { stdin: 'pipe' },
    timeoutSeconds: seconds,
    graceSeconds: 1,
  });
  // A command that does not read its input closes the pipe.
  child.stdin?.on('error', () => {}).end(body);
  const exit = await child.done;
  if (exit.timedOut) throw new Error(`${program} took longer than ${seconds} s`);
  if (exit.code !== 0) throw new Error(`${program} ended with ${exit.code ?? exit.signal}`);
}

async function post(url: string, body: string, seconds: number): Promise<void> {
  const headers = { 'content-type': 'application/json' };
  const signal = AbortSignal.timeout(seconds * 1000);
  let response: Response;
  try {
    response = await fetch(url, { method: 'POST', headers, body, signal });
  } catch (error) {
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
    const code = (cause as NodeJS.ErrnoException).code;
    throw new Error(signal.aborted ? `no answer in ${seconds} s` : `no connection (${code ?? 'failed'})`);
  }
  await response.body?.cancel();
  if (!response.ok) throw new Error(`the webhook answered ${response.status}`);
}
