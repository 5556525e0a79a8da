import { rmSync } from 'node:fs';
import { type Call, finish, train, wait, write } from '#agent/fixtures/scripted';
import { secondsAt, told } from './figures.ts';
import { play } from './night.ts';

/** Ideas in two wordings: the second is a near repeat. */
const IDEAS: readonly (readonly [string, string])[] = [
  ['Anneal the sparsity level from large to small', 'Annealing sparsity levels, large to small'],
  ['Sort latents by firing frequency before nesting', 'Sorted latents: firing frequencies, before nesting'],
  ['Warm up the learning rate over thousand batches', 'Learning rates warmed up over thousand batches'],
  ['Resample dead decoder columns from residuals', 'Resampling dead decoder columns from residual'],
  ['Penalise cosine similarity among encoder rows', 'Penalised cosine similarities among encoder rows'],
];

export interface Repeats {
  /** Ideas that were proposed while an open sprint of another researcher had claimed nearly the same. */
  proposed: number;
  /** Of these, those at the same instant: within this many seconds of the claim. */
  atOnce: number;
  /** Those that were answered with the other sprint. */
  pointedOut: number;
  /** Runs that were asked for before the claim of their sprint stood. */
  runsBefore: number;
  differs: string[];
}

const INSTANT_SECONDS = 0.5;

/**
 * Four researchers propose the same idea at the same instant, and then each what is left: one claims each,
 * and the others are to be told. The first one to end its sprint proposes the ideas of the others again.
 */
export async function repeats(): Promise<Repeats> {
  const proposals: { sprint: number; idea: number; at: number }[] = [];
  const refused: { sprint: number; idea: number }[] = [];
  let waiting: (() => void)[] = [];
  const together = () =>
    new Promise<void>((resolve) => {
      waiting.push(resolve);
      if (waiting.length < 4) return;
      for (const go of waiting) go();
      waiting = [];
    });
  const { events, differs, repo } = await play({ researchers: 4, sprints: 5 }, async (sprint, calls) => {
    const starts = calls.filter(({ name }) => name === 'start_sprint');
    const claimed = starts.some(({ result }) => result?.isError === false);
    if (!claimed) {
      if (starts.length > 0) refused.push({ sprint, idea: starts.length - 1 + first(sprint) });
      if (sprint <= 4 && starts.length === 0) await together();
      const idea = starts.length + first(sprint);
      proposals.push({ sprint, idea, at: Date.now() / 1000 });
      return propose(idea, sprint);
    }
    const idea = starts.length - 1 + first(sprint);
    const seconds = idea === 0 ? 0.2 : 12;
    const steps = [write(0.5 + idea / 100), train('steady', { set: [`seconds=${seconds}`] })];
    const run = calls.find(({ name }) => name === 'run_experiment')?.result?.fields as
      | { run: string }
      | undefined;
    if (run)
      steps.push(
        { ...wait, input: { run: run.run } },
        { ...finish(), input: { summary: 'Done.', candidate: run.run } },
      );
    return steps[calls.length - starts.length] ?? null;
  });
  const claims = told(events, 'sprint.claimed');
  const closed = told(events, 'sprint.closed');
  const near = proposals.filter(({ sprint, idea, at }) =>
    claims.some(
      (claim) =>
        claim.number !== sprint &&
        IDEAS[idea]?.some((words) => claim.idea.startsWith(words)) &&
        !closed.some((end) => end.sprint === claim.sprint && secondsAt(end) < at) &&
        secondsAt(claim) < at + INSTANT_SECONDS,
    ),
  );
  const isTold = ({ sprint, idea }: { sprint: number; idea: number }) =>
    refused.some((one) => one.sprint === sprint && one.idea === idea);
  const claimOf = (idea: number) =>
    claims.find((claim) => IDEAS[idea]?.some((words) => claim.idea.startsWith(words)));
  rmSync(repo, { recursive: true, force: true });
  return {
    // The claim itself is among those at its own instant.
    proposed: near.length,
    atOnce: near.filter(({ idea, at }) => {
      const claim = claimOf(idea);
      return claim !== undefined && Math.abs(secondsAt(claim) - at) < INSTANT_SECONDS;
    }).length,
    pointedOut: near.filter(isTold).length,
    runsBefore: told(events, 'run.reserved').filter(
      (run) => !claims.some(({ sprint, seq }) => sprint === run.sprint && seq < run.seq),
    ).length,
    differs,
  };
}

/** The fifth sprint is opened while those of the second to the fourth idea train. */
const first = (sprint: number) => (sprint <= 4 ? 0 : 1);

function propose(idea: number, sprint: number): Call {
  const words = IDEAS[idea]?.[sprint % 2] ?? `Nothing like the others, number ${sprint}`;
  const claim = {
    ...{ slug: `idea-${sprint}`, title: words, idea: `${words}.`, motivation: 'It was not tried.' },
    ...{ expectation: 'A larger number.', predicted: { f1: 0.5 } },
  };
  return { name: 'start_sprint', input: claim };
}
