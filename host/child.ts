import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import type { Readable, Writable } from 'node:stream';
import { UserError } from '#contract/errors';
import { inBackground, isInBackground, lastOfSessions } from './background.ts';
import { groupEnded, signalGroup } from './groups.ts';
import { CappedLog } from './log.ts';
import { endMarked, killMarked, marked, newMark } from './marks.ts';
import { goesFirst, memoryKills } from './memory.ts';
import { processStart } from './processes.ts';

export interface ChildOptions {
  argv: readonly string[];
  cwd: string;
  /**
   * The whole environment of the child (see cleanEnv). We add only the marks that show that it is our child.
   */
  env: Readonly<Record<string, string>>;
  /** Its own mark (see newMark), where the caller has to know it before the start. */
  mark?: string;
  /**
   * A number is one of our descriptors; `log` writes into the log. Default: no input, and output into the log
   * if there is one.
   */
  stdio?: { stdin?: 'ignore' | 'pipe' | number; stdout?: Outlet; stderr?: Outlet };
  /** More descriptors to inherit: the child's number -> ours. */
  fds?: Readonly<Record<number, number>>;
  /** A log, and how it is written (CappedLog). */
  log?: { path: string; maxBytes: number; after?: Promise<unknown> | undefined; goesOn?: boolean };
  timeoutSeconds?: number;
  /** Whether it runs only when nothing else wants a core; unset: as this process does. */
  background?: boolean;
  /** Seconds between SIGTERM and SIGKILL; 5 by default. */
  graceSeconds?: number;
  /** Stops the child when the signal aborts, or at once where it has aborted already. */
  until?: { signal: AbortSignal; reason: string; graceSeconds?: number };
}
export type Outlet = 'ignore' | 'pipe' | 'log' | number;

export interface Exit {
  code: number | null;
  signal: NodeJS.Signals | null;
  timedOut: boolean;
  /** The reason given to stop(), where it was ended by us. */
  stopped: string | null;
  /** Killed by a SIGKILL that we did not send (a shell reports it as exit code 137), or out of V8's heap. */
  outOfMemory: boolean;
  /**
   * The number of processes of the machine that the kernel killed for lack of memory while the child ran; 0
   * where the kernel does not count them.
   */
  memoryKills: number;
  seconds: number;
}

export interface Child {
  pid: number;
  /** See processStart: with the pid it identifies this process. */
  processStart: string | null;
  /** Set in its environment, and so in that of all that it starts. */
  mark: string;
  stdin: Writable | null;
  stdout: Readable | null;
  stderr: Readable | null;
  log: CappedLog | null;
  /** Resolves when the process has ended and its group with it; never rejects. */
  done: Promise<Exit>;
  /** Ends the whole group: SIGTERM, grace, SIGKILL (at once with a grace of 0). */
  stop(reason: string, graceSeconds?: number): Promise<Exit>;
}

/** Linux' MAX_ARG_STRLEN, less the zero at the end. */
const MAX_WORD_BYTES = 131_071;
/** Milliseconds that output may still take to arrive after the end of the child. */
const DRAIN_MS = 300;
/** Turns of the event loop for what arrived meanwhile; each reads 64 kB. */
const MOST_TURNS = 1000;

/** The marks of the children that run, by pid. */
const running = new Map<number, string>();
process.on('exit', () => {
  for (const [pid, mark] of running) {
    signalGroup(pid, 'SIGKILL');
    killMarked(mark);
  }
});

/**
 * Starts a process without a shell, in a group and session of its own. When it ends, whatever it left in the
 * group and whatever carries its mark elsewhere is killed. A grandchild that keeps its output open does not
 * delay `done`.
 * @throws UserError where the program or the folder does not exist, or a word is too long.
 */
export function startChild(options: ChildOptions): Child {
  const { cwd, env, fds = {}, log: logTo, background = isInBackground() } = options;
  const argv = background ? inBackground(options.argv) : options.argv;
  const [program, ...words] = argv;
  if (program === undefined) throw new UserError('cannot start an empty command');
  if (!existsSync(cwd)) throw new UserError(`cannot start ${program}: its folder ${cwd} does not exist`);
  refuseLongWords(argv);
  const outlet = logTo ? 'log' : 'ignore';
  const { stdin = 'ignore', stdout = outlet, stderr = outlet } = options.stdio ?? {};
  const inherited = Object.keys(fds).map(Number);
  const stdio: ('ignore' | 'pipe' | number)[] = [
    stdin,
    stdout === 'log' ? 'pipe' : stdout,
    stderr === 'log' ? 'pipe' : stderr,
  ];
  for (let fd = 3; fd <= Math.max(2, ...inherited); fd++) stdio.push(fds[fd] ?? 'ignore');

  // Opened before the process starts: where the log cannot be written, no process is left behind.
  const log = logTo ? new CappedLog(logTo.path, logTo.maxBytes, logTo) : null;
  const startedAt = performance.now();
  const killsBefore = memoryKills();
  // execa is not used: its result waits for every process that holds the output, also for a grandchild that
  // outlives the child.
  const mark = options.mark ?? newMark();
  const child = spawn(program, words, {
    cwd,
    env: marked(env, mark),
    stdio,
    detached: true,
  });
  if (child.pid === undefined) {
    child.on('error', () => {});
    log?.close();
    throw new UserError(
      `cannot start ${program}: there is no such program, or it is not executable (in ${cwd})`,
    );
  }
  const pid = child.pid;
  running.set(pid, mark);
  goesFirst(pid);
  if (background) lastOfSessions(pid);
  child.stdin?.on('error', () => {}); // The child may end before it has read all of it.

  const logged = [stdout === 'log' && child.stdout, stderr === 'log' && child.stderr].filter(
    Boolean,
  ) as Readable[];
  for (const stream of logged) stream.on('data', (chunk: Buffer) => log?.write(chunk));

  const state = { stopped: null as string | null, timedOut: false, killed: false };
  let asked = false;
  const timers: NodeJS.Timeout[] = [];
  const kill = () => {
    state.killed = true;
    signalGroup(pid, 'SIGKILL');
  };
  const end = (grace: number) => {
    if (grace <= 0) return kill();
    // SIGTERM is sent once: some programs end without saving when they get a second one.
    if (!asked) signalGroup(pid, 'SIGTERM');
    asked = true;
    timers.push(setTimeout(kill, grace * 1000));
  };
  const grace = options.graceSeconds ?? 5;

  const done = new Promise<Exit>((resolve) => {
    child.once('exit', async (code, signal) => {
      const seconds = (performance.now() - startedAt) / 1000;
      for (const timer of timers) clearTimeout(timer);
      signalGroup(pid, 'SIGKILL');
      running.delete(pid);
      await Promise.all([groupEnded(pid), endMarked(mark)]);
      await drained(logged);
      log?.close();
      resolve({
        code,
        signal,
        ...state,
        outOfMemory: !state.killed && lookedLikeMemory(code, signal, log),
        memoryKills: memoryKills() - killsBefore,
        seconds,
      });
    });
  });
  if (options.timeoutSeconds !== undefined) {
    // setTimeout takes at most 2^31 - 1 ms.
    const ms = Math.min(options.timeoutSeconds * 1000, 2 ** 31 - 1);
    timers.push(
      setTimeout(() => {
        state.timedOut = true;
        end(grace);
      }, ms),
    );
  }

  const stop = (reason: string, seconds = grace) => {
    if (running.has(pid)) {
      state.stopped ??= reason;
      end(seconds);
    }
    return done;
  };
  if (options.until) stopWhen(options.until, stop, done);

  return {
    pid,
    processStart: processStart(pid),
    mark,
    stdin: child.stdin,
    stdout: stdout === 'pipe' ? child.stdout : null,
    stderr: stderr === 'pipe' ? child.stderr : null,
    log,
    done,
    stop,
  };
}

function refuseLongWords(argv: readonly string[]): void {
  const longest = Math.max(...argv.map((word) => Buffer.byteLength(word)));
  if (longest <= MAX_WORD_BYTES) return;
  const kilobytes = Math.ceil(longest / 1000);
  throw new UserError(
    `cannot start ${argv[0]}: one of its arguments has ${kilobytes} kB, and the limit of the system is 131 kB; put it into a file`,
  );
}

function stopWhen(
  { signal, reason, graceSeconds }: NonNullable<ChildOptions['until']>,
  stop: Child['stop'],
  done: Promise<Exit>,
): void {
  const abort = () => void stop(reason, graceSeconds);
  if (signal.aborted) abort();
  signal.addEventListener('abort', abort, { once: true });
  void done.then(() => signal.removeEventListener('abort', abort));
}

function lookedLikeMemory(
  code: number | null,
  signal: NodeJS.Signals | null,
  log: CappedLog | null,
): boolean {
  if (signal === 'SIGKILL' || code === 137) return true;
  const aborted = signal === 'SIGABRT' || code === 134;
  return aborted && (log?.lastLines(40).some((line) => line.includes('heap out of memory')) ?? false);
}

/** Waits for the end of the streams, but not for a process that escaped the group and holds them open. */
async function drained(streams: Readable[]): Promise<void> {
  let isOpen = true;
  let arrived = 0;
  for (const stream of streams) stream.on('data', () => void arrived++);
  const ends = streams.map(
    (s) => new Promise<void>((ended) => (s.closed ? ended() : s.once('close', ended))),
  );
  const all = Promise.all(ends).then(() => {
    isOpen = false;
  });
  let timer: NodeJS.Timeout | undefined;
  const enough = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, DRAIN_MS);
  });
  await Promise.race([all, enough]);
  clearTimeout(timer);
  // Timers come before input: where this process was busy, what the child wrote is still to be read.
  for (let turn = 0, before = -1; isOpen && arrived !== before && turn < MOST_TURNS; turn++) {
    before = arrived;
    await new Promise((next) => setImmediate(next));
  }
  for (const stream of streams) stream.destroy();
}

/**
 * All that a child writes to one of its outputs, at most `maxBytes` (the head is dropped), as text. Ends with
 * the stream, or shortly after the child where a process that escaped its group holds the stream open.
 */
export async function collect(stream: Readable, done: Promise<Exit>, maxBytes = 1 << 20): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  stream.on('data', (chunk: Buffer) => {
    chunks.push(chunk);
    bytes += chunk.length;
    for (let [head] = chunks; head && bytes - head.length >= maxBytes; [head] = chunks) {
      chunks.shift();
      bytes -= head.length;
    }
  });
  await Promise.race([
    new Promise((ended) => stream.once('close', ended)),
    done.then(() => drained([stream])),
  ]);
  return Buffer.concat(chunks).subarray(-maxBytes).toString('utf8');
}
