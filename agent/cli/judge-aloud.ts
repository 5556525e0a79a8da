import type { EvalPoint } from '#contract/run';
import type { Verdict } from '#contract/verdict';
import { type Working, working } from '#contract/working';
import { type JudgeRequest, judgeRun, measureSnapshots } from '../executor/judging.ts';
import { abortable } from './interrupt.ts';

type Request = Omit<JudgeRequest, 'onProgress' | 'signal'>;

/** Has a run judged (`judgeRun`), says how far that is, and ends it with Ctrl-C. @throws JudgeError */
export function judgeAloud(request: Request): Promise<Verdict> {
  return aloud('judging', request, judgeRun);
}

/** The same for the snapshots of a run (`measureSnapshots`). @throws JudgeError */
export function measureAloud(request: Request): Promise<EvalPoint[]> {
  return aloud('measuring', request, measureSnapshots);
}

function aloud<T>(what: string, request: Request, work: (asked: JudgeRequest) => Promise<T>): Promise<T> {
  const say = (told: Working['told']): JudgeRequest['onProgress'] => {
    return ({ done, of, unit }) => told(`${done.toLocaleString('en')} of ${of.toLocaleString('en')} ${unit}`);
  };
  return working(what, (told) => abortable((signal) => work({ ...request, signal, onProgress: say(told) })));
}
