import { runMain } from '#contract/errors';
import { readStatus, type Status, shownFields } from '../status.ts';
import { duration, many, show } from '../words.ts';
import { parsed, program } from './arguments.ts';

const command = program(
  'npm run status --',
  'Tells what the loop in this checkout is at, while it runs and after.',
)
  .option('--json', 'as JSON')
  .addHelpText('after', '\nExamples:\n  npm run status\n  npm run --silent status -- --json');

await runMain(async () => {
  if (!parsed(command)) return 0;
  const { json } = command.opts<{ json?: boolean }>();
  const repo = process.cwd();
  const status = readStatus(repo);
  const text = json ? JSON.stringify(status, null, 2) : describe(status, shownFields(repo)).join('\n');
  process.stdout.write(`${text}\n`);
  return 0;
});

function describe(s: Status, shown: string[] | null): string[] {
  if (s.loop === 'never started')
    return ['No loop was started in this checkout yet. Start one with: npm run loop'];
  const lines = [
    `Loop: ${s.loop}${s.pid === null ? '' : ` (process ${s.pid})`}${s.stopped ? `: ${s.stopped.reason}` : ''}`,
    `${s.branch} · profile ${s.profile} · ${s.researcher} · sandbox ${s.sandbox}`,
  ];
  if (s.loop === 'cut off') lines.push('It was cut off; "npm run loop" takes it up.');
  if (s.paused)
    lines.push(
      `Paused since ${s.paused.slice(11, 16)} UTC: no call is made and no run is started; "npm run resume" lets it go on`,
    );
  if (s.waiting) lines.push(`Waiting until ${s.waiting.until.slice(11, 19)} UTC: ${s.waiting.reason}`);
  if (s.sprint) {
    const age = duration((Date.now() - Date.parse(s.sprint.openedAt)) / 1000);
    lines.push(
      `Sprint ${s.sprint.number}: ${s.sprint.title ?? 'not claimed yet'} (${age}, ${s.sprint.turns} turns)`,
    );
  }
  for (const { id, progress } of s.runs) {
    const done = progress ? Math.round((100 * progress.samples) / progress.totalSamples) : 0;
    const rest = progress
      ? `${done}%, ${many(progress.samplesPerSecond)} samples/s, ${duration(progress.etaSeconds)} left`
      : 'starting';
    lines.push(`Run ${id}: ${rest}`);
  }
  if (s.lastAction && s.loop === 'running') lines.push(`Last action: ${s.lastAction}`);
  for (const c of s.committed) lines.push(`  ${c.outcome.padEnd(11)} ${c.sprint}: ${c.reason}`);
  if (s.usd > 0) lines.push(`Spent: ${s.usd.toFixed(2)} USD`);
  if (s.best) {
    const fields = Object.entries(s.best.metrics).filter(([name]) => shown?.includes(name) ?? true);
    lines.push(
      `Best: ${fields.map(([name, value]) => `${name} ${show(value)}`).join(', ')} (${s.best.sprint})`,
    );
  }
  return lines;
}
