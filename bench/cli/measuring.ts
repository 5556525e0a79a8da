import type { JudgeProgress } from '#contract/judge-progress';
import { startWorking, type Working } from '#contract/working';
import { print } from './program.ts';

type Tell = (progress: JudgeProgress) => void;

/**
 * Tells a person on standard error how far a measurement is. Where that is no terminal, nothing is said
 * before the first progress: a refusal is one line.
 */
export function tellPerson(): Tell {
  let work: Working | null = process.stderr.isTTY ? startWorking('measuring') : null;
  return ({ done, of, unit }) => {
    work ??= startWorking('measuring');
    if (done >= of) work.end();
    else work.told(`${done.toLocaleString('en')} of ${of.toLocaleString('en')} ${unit}`);
  };
}

/** Tells the program that started the judge, at most twice a second, if it asks for that. */
export function tellProgram(): Tell {
  if (process.env.LOOP_PROGRESS === undefined) return () => {};
  let last = Number.NEGATIVE_INFINITY;
  return (progress) => {
    if (performance.now() - last < 500) return;
    last = performance.now();
    print(`${JSON.stringify({ progress })}\n`);
  };
}
