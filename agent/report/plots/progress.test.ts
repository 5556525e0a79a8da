import { expect, it } from 'vitest';
import type { Sprint } from '#contract/sprint';
import { lista } from '../fixtures/load.ts';
import { progressPlot } from './progress.ts';

/** A sprint with one verified run of this F1. */
function sprintOf(number: number, f1: number, outcome: Sprint['outcome'], title: string): Sprint {
  const verdict = structuredClone(lista.verdict as NonNullable<Sprint['verdict']>);
  verdict.metrics.f1 = f1;
  return { ...lista, number, title, outcome, verdict, runs: [{ ...lista.runs[0], verdict }] };
}

/** The offset of each name from its dot, in pixels; negative is above. */
function places(sprints: Sprint[]): Record<string, number> {
  const panel = progressPlot(sprints, 'f1', null)?.panels[0] as unknown as {
    layer: { mark: { type: string; dy?: number }; data: { values: { title: string }[] } }[];
  };
  const names = panel.layer.filter(({ mark }) => mark.type === 'text');
  return Object.fromEntries(names.map(({ mark, data }) => [data.values[0].title, mark.dy ?? 0]));
}

const name = 'A name of 25 letters long';
const first = sprintOf(1, 0.8, 'new-best', name);
const last = sprintOf(9, 0.9, 'new-best', 'Last');

it('names a gain above its dot and not over the dots of single runs, while there is another place', () => {
  expect(places([first, last])[name]).toBe(-11);
  // The name reaches to sprint 2, where the dot of a run lies at the same height.
  const moved = places([first, sprintOf(2, 0.81, 'no-gain', 'x'), last]);
  expect(moved[name]).toBeDefined();
  expect(moved[name]).not.toBe(-11);
});

it('is drawn as narrow as asked, with the names that are given and fewer ticks', () => {
  const board = [first, sprintOf(5, 0.85, 'new-best', 'Middle'), last];
  const drawn = (of: object) =>
    progressPlot(board, 'f1', null, of)?.panels[0] as unknown as {
      width: number;
      layer: {
        mark: { type: string };
        data: { values: { title: string }[] };
        encoding: { x: { axis: object } };
      }[];
    };
  const phone = drawn({ width: 340, titleOf: ({ number }: Sprint) => `sprint ${number}` });
  expect(phone.width).toBe(340);
  const names = phone.layer.filter(({ mark }) => mark.type === 'text');
  expect(names.map(({ data }) => data.values[0].title).sort()).toEqual(['sprint 1', 'sprint 5', 'sprint 9']);
  expect(phone.layer[0].encoding.x.axis).toMatchObject({ values: [1, 3, 5, 7, 9] });
  expect(drawn({}).layer[0].encoding.x.axis).toMatchObject({ values: [1, 2, 3, 4, 5, 6, 7, 8, 9] });
});

it('names a gain all the same where dots stand all around it', () => {
  const crowd = [0.83, 0.82, 0.81, 0.8, 0.79, 0.78, 0.77].map((f1) => sprintOf(2, f1, 'no-gain', 'x'));
  expect(places([first, ...crowd, last])[name]).toBe(-11);
});
