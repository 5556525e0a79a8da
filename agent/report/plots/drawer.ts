import { Worker } from 'node:worker_threads';

/** What the thread answers to a spec. */
type Answer = { svg: string } | { why: string };

const ENTRY = new URL('./drawer.mjs', import.meta.url);
/** Seconds that the thread may take to load its packages, on a machine that is busy. */
const START_SECONDS = 60;
/** A plot that needs more memory ends its thread, and no more than that. */
const MEMORY_MB = 512;

/**
 * One thread that draws plots, one after the other. A plot that takes too long, or too much memory, ends the
 * thread; the next plot gets a new one. Vega runs to the end once it has begun, so only a thread of its own
 * can be stopped.
 */
export class Drawer {
  private thread: Promise<Worker> | null = null;
  private queue: Promise<unknown> = Promise.resolve();

  /** @throws Error in one line. */
  draw(job: object, seconds: number): Promise<string> {
    const drawn = this.queue.then(() => this.one(job, seconds));
    this.queue = drawn.catch(() => {});
    return drawn;
  }

  private async one(job: object, seconds: number): Promise<string> {
    this.thread ??= started();
    try {
      const thread = await this.thread;
      thread.ref();
      const answer = (await answerOf(thread, seconds, () => thread.postMessage(job))) as Answer;
      // A thread that waits must not keep the process alive.
      thread.unref();
      if ('why' in answer) throw new Error(answer.why.split('\n')[0]);
      return answer.svg;
    } catch (error) {
      if (error instanceof Ended) this.thread = null;
      throw error;
    }
  }
}

/** The thread is gone. */
class Ended extends Error {}

async function started(): Promise<Worker> {
  // Without the parent's arguments: a thread that loads tsx as well starts half a second later.
  const thread = new Worker(ENTRY, {
    execArgv: [],
    env: {},
    resourceLimits: { maxOldGenerationSizeMb: MEMORY_MB },
  });
  await answerOf(thread, START_SECONDS, () => {});
  return thread;
}

/** The next message of the thread; it is ended when it takes longer than `seconds`. */
function answerOf(thread: Worker, seconds: number, ask: () => void): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const done = () => {
      clearTimeout(timer);
      thread.off('message', answered).off('error', failed).off('exit', exited);
    };
    const answered = (answer: unknown) => {
      done();
      resolve(answer);
    };
    const ended = (why: string) => {
      done();
      // An error that arrives while the thread ends has nobody to tell.
      thread.on('error', () => {});
      void thread.terminate();
      reject(new Ended(why));
    };
    const failed = ({ code, message }: NodeJS.ErrnoException) =>
      ended(code === 'ERR_WORKER_OUT_OF_MEMORY' ? `it needs more than ${MEMORY_MB} MB to draw` : message);
    const exited = (code: number) => ended(`the thread that draws ended with ${code}`);
    const timer = setTimeout(() => ended(`it takes longer than ${seconds} s to draw`), seconds * 1000);
    thread.on('message', answered).on('error', failed).on('exit', exited);
    ask();
  });
}
