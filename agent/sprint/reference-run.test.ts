import { expect, it } from 'vitest';
import { type RunSpec, specOf } from '#contract/run';
import { reserveRun } from '../budget/may-start.ts';
import { Stopper } from '../budget/stop.ts';
import { emptyFolder } from '../fixtures/repo.ts';
import { best, bestSprint, run, stagedLoop } from '../fixtures/staged.ts';
import { hasReference } from './reference-run.ts';

const screen = specOf(run('idea', 100, 0));
const reference = { ...specOf(best), samples: 100, seed: screen.seed };
const finished = run('best', 100, 0.4, { seed: screen.seed });

/** Whether a screen has its reference, and how often that was waited for or made. */
async function asked(given: 'there' | 'made by another' | 'dropped by another' | 'stopped' | 'by nobody') {
  const { loop, by } = stagedLoop(1000);
  loop.ledger.add(given === 'there' ? bestSprint(finished) : bestSprint());
  const stopper = new Stopper(emptyFolder());
  const other = by('researcher-2').journal;
  if (!['there', 'by nobody'].includes(given))
    reserveRun({ journal: other }, { sprint: 'b', ticket: 'queued-1', spec: reference, role: 'incumbent' });
  let waits = 0;
  const begun: RunSpec[] = [];
  const there = await hasReference(
    { ...loop, stopper },
    {
      started: [],
      begin: (spec) => `queued-${begun.push(spec)}`,
      async wait() {
        return { ended: true };
      },
    },
    screen,
    async () => {
      if (++waits < 3) return;
      if (given === 'stopped') stopper.ask({ code: 'stop', reason: 'enough' });
      else other.emit({ type: 'run.released', ticket: 'queued-1' });
      if (given === 'made by another')
        loop.ledger.add({ ...bestSprint(finished), id: 'later', outcome: 'no-gain' });
    },
  );
  return { there, waits, begun };
}

it('waits for the run of the best that another researcher makes', async () => {
  expect(await asked('there')).toEqual({ there: true, waits: 0, begun: [] });
  expect(await asked('made by another')).toEqual({ there: true, waits: 3, begun: [] });
});

it('makes it, once, where nobody does or does any longer', async () => {
  expect(await asked('by nobody')).toEqual({ there: true, waits: 0, begun: [reference] });
  expect(await asked('dropped by another')).toEqual({ there: true, waits: 3, begun: [reference] });
});

it('gives up where the loop is asked to stop', async () => {
  expect(await asked('stopped')).toEqual({ there: false, waits: 3, begun: [] });
});
