import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runDir, sprintsDir } from '#agent/common/paths';
import { loopIn, tinyRepository } from '#agent/fixtures/loop';
import { git } from '#agent/fixtures/repo';
import { type Call, finish, start, train, wait, write } from '#agent/fixtures/scripted';
import { readSprints } from '#agent/ledger/ledger';
import type { LoggedEvent } from '#contract/event';
import { joinCommand } from '#host/command';
import type { MessagesRequest } from '#replay/protocol';
import { startMessagesServer } from '#replay/server';
import { type Exchange, exchangesOf } from '#replay/transcript';
import { differences, type Figures, figuresOf, middle, type Parts, secondsAt, told } from './figures.ts';

/** Devices that are simulated: a run on one sleeps. */
export const DEVICES = 4;

/** The next call of a researcher: from the number of its sprint, and its calls with their answers. */
export type Next = (sprint: number, calls: readonly Exchange[]) => Call | null | Promise<Call | null>;

/** What a scripted night left. */
export interface Played {
  events: readonly LoggedEvent[];
  /** When a sprint of this number asked for runs, in seconds. */
  asked: ReadonlyMap<number, number>;
  /** Device seconds in which a place was free while a run waited for one. */
  unused: number;
  repo: string;
  differs: string[];
}

/** Plays a night of the tiny task against the local Messages server, with its places as devices. */
export async function play(
  { researchers, sprints }: { researchers: number; sprints: number },
  next: Next,
): Promise<Played> {
  const asked = new Map<number, number>();
  const respond = async ({ messages }: MessagesRequest) => {
    const number = Number(/# Sprint (\d+)/.exec(JSON.stringify(messages))?.[1]);
    const call = await next(number, exchangesOf({ messages }));
    if (call === null) return { content: [{ type: 'text' as const, text: 'Nothing is left.' }] };
    if (call.name === 'run_experiment') asked.set(number, Date.now() / 1000);
    return { content: [{ type: 'tool_use' as const, ...call }] };
  };
  const server = await startMessagesServer(respond);
  const repo = tinyRepository();
  const address = join(mkdtempSync(join(tmpdir(), 'loop-script-')), 'address.json');
  writeFileSync(address, `${JSON.stringify({ url: server.url })}\n`);
  const path = join(repo, 'TASK.md');
  const replay = joinCommand(['node', join(import.meta.dirname, '../../agent/fixtures/replay.mjs'), address]);
  const devices = `devices: [${Array.from({ length: DEVICES }, (_, i) => i).join(', ')}]`;
  const task = readFileSync(path, 'utf8')
    .replace(/^replay: .*$/m, `replay: ${JSON.stringify(replay)}`)
    .replace(/^metric:/m, `${devices}\nmetric:`);
  writeFileSync(path, task);
  git(repo, 'commit', '-qam', 'Several devices');
  let [unused, last, free] = [0, Date.now(), 0];
  const { events } = await loopIn(repo, { researchers, maxSprints: sprints }, (loop) => {
    loop.devices.watch((counts) => {
      unused += (free * (Date.now() - last)) / 1000;
      last = Date.now();
      free = Math.min(counts.free, counts.waiting);
    });
    return () => {};
  });
  await server.close();
  return { events, asked, unused, repo, differs: differences(events, readSprints(sprintsDir(repo))) };
}

export interface Night extends Figures {
  researchers: number;
  sprints: number;
  /** Device time in which a place was free while a run waited for it, as a share. */
  placeFree: number;
  /** Medians over the first run of each sprint that found a place free. */
  toFirstStep: Parts & { seconds: number };
  differs: string[];
}

/** A night whose sprints each train as many seeds side by side, of so many seconds. */
export async function night(of: {
  researchers: number;
  sprints: number;
  seeds: number;
  seconds: number;
}): Promise<Night> {
  const { researchers, sprints, seeds, seconds } = of;
  const more = { set: [`seconds=${seconds}`], seeds: Array.from({ length: seeds }, (_, i) => i) };
  const played = await play({ researchers, sprints }, (sprint, calls) => {
    const f1 = 0.3 + sprint / 100;
    const steps = [start(`idea-${sprint}-${word(sprint)}`, f1), write(f1), train('steady', more)];
    const runs = calls.find(({ name }) => name === 'run_experiment')?.result?.fields as
      | { runs: { run: string }[] }
      | undefined;
    // A run that was queued is known by its ticket.
    for (const { run } of runs?.runs ?? []) steps.push({ ...wait, input: { run } });
    if (runs) steps.push({ ...finish(), input: { summary: 'Done.', candidate: runs.runs[0]?.run } });
    return steps[calls.length] ?? null;
  });
  const { events, unused, repo, differs } = played;
  const figures = figuresOf(events, DEVICES);
  const parts = partsOf(played);
  rmSync(repo, { recursive: true, force: true });
  const part = (name: keyof Parts) => middle(parts.map((one) => one[name]));
  return {
    ...{ researchers, sprints, ...figures, differs },
    placeFree: unused / (DEVICES * figures.wallSeconds),
    toFirstStep: {
      ...{ asked: part('asked'), prepared: part('prepared') },
      ...{ launched: part('launched'), began: part('began') },
      seconds: middle(parts.map((one) => one.asked + one.prepared + one.launched + one.began)),
    },
  };
}

/** A word that no other sprint has, so that no idea is like another. */
const word = (sprint: number) => 'abcdefghijklmnopqrstuvwxyz'.charAt(sprint % 26).repeat(5 + sprint);

/** The parts of the time from request to first step, of runs that did not wait for a place. */
function partsOf({ events, asked, repo }: Played): Parts[] {
  const queued = new Set(told(events, 'run.queued').map(({ sprint, ticket }) => `${sprint} ${ticket}`));
  return told(events, 'sprint.claimed').flatMap(({ sprint, number }) => {
    const run = told(events, 'run.started').find((event) => event.sprint === sprint);
    const reserved = told(events, 'run.reserved').find((event) => event.sprint === sprint);
    const from = asked.get(number);
    if (!run || !reserved || from === undefined || queued.has(`${sprint} ${run.ticket}`)) return [];
    const dir = runDir(repo, run.run);
    const { startedAt } = JSON.parse(readFileSync(join(dir, 'run.json'), 'utf8')) as { startedAt: string };
    const times = [
      ...[from, secondsAt(reserved), Date.parse(startedAt) / 1000, secondsAt(run)],
      statSync(join(dir, 'out/progress.jsonl')).birthtimeMs / 1000,
    ];
    const [a = 0, b = 0, prepared = 0, launched = 0] = times.slice(1).map((t, i) => t - (times[i] ?? 0));
    return [{ asked: a, prepared: b, launched: prepared, began: launched }];
  });
}
