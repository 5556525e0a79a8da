import { existsSync } from 'node:fs';
import { type Role, type RunSpec, specOf } from '#contract/run';
import type { Repeat, Sprint, SprintRun } from '#contract/sprint';
import type { Verdict } from '#contract/verdict';
import { mayRepeat } from '../budget/may-start.ts';
import { runsSoFar } from '../budget/plan.ts';
import { runDir } from '../common/paths.ts';
import { messageOf } from '../common/words.ts';
import { judgeRun } from '../executor/judging.ts';
import { type Decision, decideByMean, noBest, type Rules } from '../ledger/decide.ts';
import { sameRecipe, sameWork } from '../ledger/repeat.ts';
import { readSprintRun } from '../ledger/run-folder.ts';
import type { OpenSprint } from '../open-sprint/open-sprint.ts';

/** What a second seed gave. `fell`: the candidate itself came to no result there. `why`: it was not tried. */
type SecondSeed =
  | { repeat: Repeat; fell?: undefined; why?: undefined }
  | { repeat?: undefined; fell: string; why?: undefined }
  | { repeat?: undefined; fell?: undefined; why: string };

/** A verdict near the noise: the run, the decision by the first seed, and what it was compared with. */
interface Near {
  run: SprintRun;
  first: Decision;
  verdict: Verdict;
  best: Sprint;
  rules: Rules;
}

/**
 * Calls a verdict near the noise: by the mean of two seeds where a second one can be afforded, else by the
 * first, and the reason says why. `repeatSeconds`: what that took.
 */
export async function calledOnTwoSeeds(
  sprint: OpenSprint,
  { run, first, verdict, best, rules }: Near,
): Promise<Decision & { repeat?: Repeat; repeatSeconds: number }> {
  const started = performance.now();
  const second = await onSecondSeed(sprint, run, best);
  const repeatSeconds = (performance.now() - started) / 1000;
  const near = `${first.reason}, near the noise`;
  if (second.why !== undefined)
    return {
      ...{ outcome: first.outcome, repeatSeconds },
      reason: `${near} and not repeated on a second seed: ${second.why}`,
    };
  if (second.fell !== undefined)
    return {
      ...{ outcome: 'no-gain', repeatSeconds },
      reason: `${near}; repeated on a second seed, it came to no result (${second.fell})`,
    };
  const { repeat } = second;
  const decided = decideByMean(
    { verdict, best: rules.bests.at(-1) ?? verdict },
    { verdict: repeat.verdict, best: repeat.best.verdict },
    rules,
  );
  const reason = `${near} on seed ${run.seed}; in the mean with seed ${repeat.seed}, ${decided.reason}`;
  return { ...decided, reason, repeat, repeatSeconds };
}

/**
 * Trains and judges a candidate and the best on a second seed, because the verdict on the first one is near
 * the noise. Runs and verdicts that exist are used. Nothing is started that the time does not allow, or when
 * the loop is asked to stop.
 */
async function onSecondSeed(sprint: OpenSprint, candidate: SprintRun, best: Sprint): Promise<SecondSeed> {
  const { loop, claimedRuns } = sprint;
  const incumbent = best.runs.find(({ id }) => id === best.candidate);
  if (!incumbent) return { why: `the run of the best is not in the record of sprint ${best.number}` };
  if (sameWork(candidate, incumbent)) return { why: 'it is the best itself on another seed' };
  const soFar = runsSoFar(loop, claimedRuns.started);
  const runs = [...soFar.sprints.flatMap((s) => s.runs), ...soFar.mine];
  const known = (of: RunSpec) =>
    runs.filter(
      (run) => run.status === 'finished' && run.samples === candidate.samples && sameRecipe(run, of),
    );
  const seed = secondSeedOf(candidate, incumbent, {
    ofCandidate: known(candidate),
    ofBest: known(incumbent),
  });
  const there = (of: RunSpec) =>
    known(of).find(
      (run) => run.seed === seed && (run.verdict || existsSync(runDir(loop.config.repo, run.id))),
    );
  const asked: [SprintRun, Role][] = [
    [candidate, 'repeat'],
    [incumbent, 'incumbent'],
  ];
  const missing = asked.filter(([of]) => !there(of)).map(([of]) => ({ ...specOf(of), seed }));
  const stop = loop.stopper.requested();
  if (stop) return { why: stop.reason };
  const no = mayRepeat(loop, missing, soFar);
  if (no) return { why: no.reason };
  loop.journal.notice(
    `near the noise: candidate and best are compared on seed ${seed} too, ${missing.length === 0 ? 'where both are trained already' : 'before the verdict is called'}`,
  );
  const measured: { run: string; verdict: Verdict }[] = [];
  for (const [of, role] of asked) {
    const run = there(of) ?? (await train(sprint, { ...specOf(of), seed }, role));
    if (typeof run === 'string') return { why: run };
    if (run.status !== 'finished') {
      const ended = `${run.status}${run.reason ? `: ${run.reason}` : ''}`;
      const fell = of === candidate && run.endedBy === 'trainer';
      return fell ? { fell: `seed ${seed}: ${ended}` } : { why: `the run on seed ${seed} ended as ${ended}` };
    }
    const verdict = await verdictOn(sprint, run);
    if (typeof verdict === 'string') return { why: verdict };
    measured.push({ run: run.id, verdict });
  }
  const [again, against] = measured;
  if (!again || !against) throw new Error('a second seed without its two verdicts');
  return { repeat: { seed, ...again, best: against } };
}

/**
 * The seed of a repetition: one at which most is trained already, the best before the candidate; else the
 * next one that neither has.
 */
export function secondSeedOf(
  candidate: RunSpec,
  best: RunSpec,
  { ofCandidate, ofBest }: { ofCandidate: readonly RunSpec[]; ofBest: readonly RunSpec[] },
): number {
  const has = (runs: readonly RunSpec[], seed: number) => runs.some((run) => run.seed === seed);
  const worth = (seed: number) => Number(has(ofCandidate, seed)) + 1.5 * Number(has(ofBest, seed));
  const seeds = [...ofCandidate, ...ofBest]
    .map(({ seed }) => seed)
    .filter((seed) => seed !== candidate.seed && seed !== best.seed)
    .sort((a, b) => worth(b) - worth(a) || a - b);
  return seeds[0] ?? Math.max(candidate.seed, best.seed) + 1;
}

/** Trains a run to its end, or says why there is none. It is ended when the loop is asked to stop. */
async function train(
  { loop, claimedRuns }: OpenSprint,
  spec: RunSpec,
  role: Role,
): Promise<SprintRun | string> {
  const id = claimedRuns.begin(spec, role);
  const { run, trouble, ended } = await claimedRuns.wait(id);
  if (!ended) {
    await claimedRuns.stop(id, 'the loop is asked to stop');
    return loop.stopper.requested()?.reason ?? 'the loop is asked to stop';
  }
  return run ?? trouble ?? 'the run left no record';
}

/** The verdict on a run, which is judged where it was not. */
async function verdictOn({ loop, claim }: OpenSprint, run: SprintRun): Promise<Verdict | string> {
  const {
    config: { repo, task },
    sandbox,
    journal,
    stopper,
  } = loop;
  const made = run.verdict ?? readSprintRun(repo, run.id)?.verdict;
  if (made) return made;
  try {
    const bound = noBest(task.contract.goal);
    const request = { task, repo, runDir: runDir(repo, run.id), sandbox, bound, signal: stopper.hard };
    const verdict = await judgeRun(request);
    journal.emit({ type: 'verdict.given', run: run.id, sprint: claim?.id ?? null, verdict });
    return verdict;
  } catch (error) {
    return `the run on seed ${run.seed} could not be judged: ${messageOf(error)}`;
  }
}
