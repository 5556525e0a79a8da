// A rehearsal of a night: the real CLI as a process of its own, the real SDK over HTTP, and a server that
// plays Claude by the rules of its API and computes its own bills. Everything is checked afterwards.
import { mkdirSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sprintsDir } from '#agent/common/paths';
import { readSprints } from '#agent/ledger/ledger';
import { EXIT_CODES } from '#contract/stop';
import { tryBubblewrap } from '#host/bubblewrap';
import { startMessagesServer } from '#replay/server';
import { Bills } from './bills.ts';
import { playNight } from './claude.ts';
import type { Hands } from './disturb.ts';
import { hearing } from './hearing.ts';
import { inquest } from './inquest.ts';
import { lineTo } from './network.ts';
import { planNight } from './plan.ts';
import type { LoopResult } from './start.ts';
import { faultTable, loopTable, sprintTable } from './table.ts';

/** The end of a hang: beside other stages of CI it took eight. */
const AT_MOST_MINUTES = 40;

const seed = Number(process.env.SEED ?? Math.floor(Math.random() * 1e6));
const begun = Date.now();
const own = join(realpathSync(tmpdir()), `loop-night-${process.pid}`);
mkdirSync(own);
Object.assign(process.env, { TMPDIR: own, ANTHROPIC_API_KEY: 'sk-ant-rehearsal' });
// Imported after TMPDIR is set: these modules make their folders when they are loaded.
const { startCommand } = await import('#agent/fixtures/loop');
const { edit, stage } = await import('./stage.ts');
const { playLoop, wrongWith } = await import('./start.ts');

process.stdout.write(`seed ${seed}\n`);
const loops = planNight(seed);
const repo = stage();
const tried = await tryBubblewrap(repo);
const flags = tried.ok ? [] : ['--sandbox', 'off'];
let running: ReturnType<typeof startCommand> | null = null;

const hands: Hands = {
  kill: (afterMs) => void setTimeout(() => running?.child.kill('SIGKILL'), afterMs),
  cutLine: (afterMs) => void setTimeout(() => line.cut(), afterMs),
  hint: async (text) => void (await startCommand(repo, 'hint', text).ended),
  pause: async (resumed) => {
    await startCommand(repo, 'pause').ended;
    setTimeout(() => {
      resumed();
      void startCommand(repo, 'resume').ended;
    }, 2500);
  },
  stop: async () => void (await startCommand(repo, 'stop').ended),
  editTask: () => edit(repo, (task) => task.replace('samples: "<=1000"', 'samples: "<=1001"')),
};
const { account, plans, respond, missed } = playNight(loops, hands);
const bills = new Bills();
const server = await startMessagesServer(respond, { onBill: bills.add });
const line = await lineTo(server.url);
process.env.ANTHROPIC_BASE_URL = line.url;

const results: LoopResult[] = [];
const problems: string[] = [];
for (const [i, plan] of loops.entries()) {
  bills.loop = i;
  const until = begun + AT_MOST_MINUTES * 60_000;
  const started = (loop: typeof running) => {
    running = loop;
  };
  const { result, said } = await playLoop(repo, plan, { flags, until, started });
  results.push(result);
  if (result.exitCode === EXIT_CODES[plan.code]) continue;
  problems.push(`${plan.name} said at its end:\n${said.slice(-3000)}`);
  break;
}
line.close();
await server.close();

problems.push(
  ...results.flatMap((result, i) => wrongWith(loops[i], result, bills.ofLoop(i))),
  ...server.violations.map((text) => `the server refused: ${text}`),
  ...server.mistakes.map((text) => `the script is wrong: ${text}`),
  ...(server.mismatches > 0
    ? [`${server.mismatches} thinking blocks came back in a changed conversation`]
    : []),
  ...account.problems,
  ...missed(),
  ...bills.problems,
  ...hearing(repo, account),
  ...inquest(repo, plans),
);
summary();
if (problems.length > 0) process.stdout.write(`\n${problems.map((text) => `PROBLEM ${text}\n`).join('')}`);
if (process.env.KEEP_TMP || problems.length > 0) process.stdout.write(`kept: ${repo}\n`);
else rmSync(own, { recursive: true, force: true, maxRetries: 3 });
process.exitCode = problems.length > 0 ? 1 : 0;

function summary(): void {
  const counts = new Map<string, number>(account.disturbed);
  for (const fault of plans.flatMap(({ faults }) => faults)) counts.set(fault, (counts.get(fault) ?? 0) + 1);
  const lines = [
    '',
    ...sprintTable(plans, readSprints(sprintsDir(repo)), bills),
    '',
    ...loopTable(loops, results, bills),
    '',
    ...faultTable(counts),
    '',
    `calls ${account.requests}, hints ${account.hints.length}, ${tried.ok ? 'bubblewrap' : `no sandbox: ${tried.why}`}, ` +
      `${((Date.now() - begun) / 60_000).toFixed(1)} minutes, seed ${seed}`,
  ];
  process.stdout.write(`${lines.join('\n')}\n`);
}
