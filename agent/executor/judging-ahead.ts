import type { Readable } from 'node:stream';
import { MEASURE, READY } from '#contract/judge-ahead';
import type { Verdict } from '#contract/verdict';
import { JudgeError, type JudgeRequest, startJudge, verdictIn } from './judging.ts';

/** Exit code of a judge that says that the run cannot be measured. */
const REFUSED = 2;

/** A judge that has begun before its result is asked for. */
export interface Ahead<T> {
  /**
   * What it has measured, or measures now. Null where it came to nothing, and another is to be asked.
   * @throws JudgeError where it refuses the run
   */
  now(): Promise<T | null>;
  /** Ends it. Resolves when it has ended. */
  end(): Promise<void>;
}

/** Has the judge measure a run for a verdict, and wait. It says and writes nothing of it before `now`. */
export function judgeAhead(request: JudgeRequest): Ahead<Verdict> {
  const { judging, end } = startAhead(request, ['--json']);
  const ready = judging.then(({ stdout, lines }) => Promise.race([says(stdout, READY), over(lines)]));
  ready.catch(() => {});
  return {
    async now() {
      if (!(await ready.catch(() => false))) return null;
      const { stdin, lines } = await judging;
      stdin?.end(MEASURE);
      try {
        return verdictIn(request, await lines);
      } catch (error) {
        // It may have failed at any time since it began, as for lack of memory beside another run.
        if (error instanceof JudgeError && error.exitCode === REFUSED) throw error;
        return null;
      }
    },
    end,
  };
}

/**
 * Has the judge measure the snapshots of a run that trains, each as it comes, on what the run leaves of the
 * cores, until it is ended.
 */
export function snapshotsAhead(request: JudgeRequest): Pick<Ahead<never>, 'end'> {
  const { end } = startAhead({ background: true, ...request }, ['--evals', '--json']);
  return { end };
}

function startAhead(request: JudgeRequest, flags: readonly string[]) {
  const abort = new AbortController();
  const signal = AbortSignal.any([abort.signal, ...(request.signal ? [request.signal] : [])]);
  const judging = startJudge({ ...request, signal }, [...flags, '--ahead'], 'pipe');
  const done = judging.then(({ lines }) => lines).catch(() => {});
  return {
    judging,
    async end() {
      abort.abort();
      await done;
    },
  };
}

/** Resolves to true when a stream has said this. */
function says(stream: Readable, line: string): Promise<boolean> {
  return new Promise((resolve) => {
    let said = '';
    const hear = (piece: Buffer) => {
      said += piece.toString('latin1');
      if (!said.includes(line)) return;
      stream.off('data', hear);
      resolve(true);
    };
    stream.on('data', hear);
  });
}

const over = (lines: Promise<unknown>): Promise<boolean> =>
  lines.then(
    () => false,
    () => false,
  );
