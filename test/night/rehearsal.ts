// A dress rehearsal: the real CLI as a process of its own, the real SDK over HTTP, a server that plays Claude and bills by its own
// books, some thirty faults in one night of more than twenty sprints; afterwards everything is looked at.
import { mkdirSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { readSprints } from '#agent/ledger';
import { tryBubblewrap } from '#host/bubblewrap';
import { startMessagesServer } from '#replay/server';
import { type Hands, playNight } from './claude.ts';
import { inquest } from './inquest.ts';
import { planNight } from './plan.ts';

// A call that was cut is booked at its whole reserve, in which the web and a fallback have their part.
const LIMIT_USD = 40;
const SMALL_LIMIT_USD = 1;
const AT_MOST_MINUTES = 8;
const MOST_STARTS = 20;

const seed = Number(process.env.SEED ?? Math.floor(Math.random() * 1e6));
const started = Date.now();
const own = join(realpathSync(tmpdir()), `loop-night-${process.pid}`);
mkdirSync(own);
Object.assign(process.env, { TMPDIR: own, ANTHROPIC_API_KEY: 'sk-ant-rehearsal' });
// After TMPDIR is set: they make their folders when they are loaded.
const { startCommand, tinyHouse } = await import('#agent/fixtures/house');
const { git } = await import('#agent/fixtures/repo');

process.stdout.write(`seed ${seed}\n`);
const plans = planNight(seed);
const repo = stage();
const tried = await tryBubblewrap(repo);
const sandbox = tried.ok ? [] : ['--sandbox', 'off'];
let loop: ReturnType<typeof startCommand> | null = null;

const hands: Hands = {
  kill: (afterMs) => void setTimeout(() => loop?.child.kill('SIGKILL'), afterMs),
  hint: async (text) => void (await startCommand(repo, 'hint', text).ended),
  pause: async (resumed) => {
    await startCommand(repo, 'pause').ended;
    setTimeout(() => {
      resumed();
      void startCommand(repo, 'resume').ended;
    }, 2500);
  },
  stop: async () => void (await startCommand(repo, 'stop').ended),
  editTask: () => edit((task) => task.replace('samples: "<=1000"', 'samples: "<=1001"')),
};
const { account, respond } = playNight(plans, seed, hands);
const server = await startMessagesServer(respond);
process.env.ANTHROPIC_BASE_URL = server.url;

const { starts, bills, problems } = await night();
await server.close();
problems.push(...account.problems, ...inquest(repo, plans));
if (!account.hintSeen) problems.push('the hint never reached the researcher');
summary();
if (problems.length > 0) process.stdout.write(`\n${problems.map((line) => `PROBLEM ${line}\n`).join('')}`);
if (process.env.KEEP_TMP || problems.length > 0) process.stdout.write(`kept: ${repo}\n`);
else rmSync(own, { recursive: true, force: true, maxRetries: 3 });
process.exitCode = problems.length > 0 ? 1 : 0;

/** The tiny task, with limits that make hangs and silences short. */
function stage(): string {
  const folder = tinyHouse();
  const path = join(folder, 'TASK.md');
  const task = readFileSync(path, 'utf8')
    .replace('stagnation: { warn: 3, stop: 5 }', 'stagnation: { warn: 40, stop: 50 }')
    .replace(
      'model: { name: claude-haiku-5-5, effort: low,',
      'model: { name: claude-sonnet-5-5, effort: low, stallSeconds: 2,',
    )
    .replace('    noise: 0.01\n', '    noise: 0.01\n    timeout: 4\n');
  writeFileSync(path, task);
  git(folder, '-c', 'user.name=Test', '-c', 'user.email=test@example.org', 'commit', '-qam', 'Set the stage');
  return folder;
}

function edit(change: (text: string) => string): void {
  const path = join(repo, 'TASK.md');
  writeFileSync(path, change(readFileSync(path, 'utf8')));
}

/**
 * Starts the loop again and again until the plan is played, and then once more with little money and a researcher that only talks. Each
 * loop has a bill of its own; a restart after a kill goes on with it.
 */
async function night(): Promise<{ starts: string[]; bills: string[]; problems: string[] }> {
  const starts: string[] = [];
  const bills: string[] = [];
  const problems: string[] = [];
  let before = 0;
  let last = false;
  while (starts.length < MOST_STARTS) {
    const limit = last ? SMALL_LIMIT_USD : LIMIT_USD;
    loop = startCommand(repo, 'loop', '--max-usd', String(limit), ...sandbox);
    const late = sleep(AT_MOST_MINUTES * 60_000 - (Date.now() - started), 'late' as const, { ref: false });
    const code = await Promise.race([loop.ended, late]);
    starts.push(code === null ? 'kill -9' : code === 'late' ? 'ended for time' : `exit ${code}`);
    if (code === null) continue;
    if (code !== 0 && code !== 3) {
      const why = code === 'late' ? `not done in ${AT_MOST_MINUTES} minutes` : `the loop ended with ${code}`;
      problems.push(`${why}:\n${loop.said().slice(-3000)}`);
      loop.child.kill('SIGKILL');
      await loop.ended;
      break;
    }
    const bill = account.usd - before;
    before = account.usd;
    bills.push(`${bill.toFixed(2)} of ${limit}`);
    if (bill > limit) problems.push(`a bill of ${bill.toFixed(4)} USD, and the limit is ${limit}`);
    if (last) {
      if (!loop.said().includes('the money limit of'))
        problems.push('the last loop did not end for want of money');
      // It had nothing to mistake: what is left is what the next call could have cost.
      if (bill < 0.75 * limit) problems.push(`the last loop spent only ${bill.toFixed(4)} of ${limit} USD`);
      break;
    }
    last = account.stopped;
  }
  return { starts, bills, problems };
}

function summary(): void {
  const sprints = readSprints(join(repo, 'sprints'));
  const faults = [...account.injected].sort(([a], [b]) => (a < b ? -1 : 1));
  const outcomes = new Map<string, number>();
  for (const { outcome } of sprints) outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
  const rows: [string, string][] = [
    ...faults.map(([name, times]): [string, string] => [`fault: ${name}`, `${times}`]),
    ['sprints', `${sprints.length}: ${[...outcomes].map(([name, n]) => `${n} ${name}`).join(', ')}`],
    ['starts of the loop', starts.join(', ')],
    ['calls', `${account.requests}`],
    ["bills by the server's books, of the limit", `${bills.join(', ')} USD`],
    ['sandbox', tried.ok ? 'bubblewrap' : `off: ${tried.why}`],
    ['minutes', `${((Date.now() - started) / 60_000).toFixed(1)}`],
    ['seed', `${seed}`],
  ];
  process.stdout.write(`\n${rows.map(([name, value]) => `${name.padEnd(44)} ${value}\n`).join('')}`);
}
