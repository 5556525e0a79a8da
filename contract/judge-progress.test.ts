import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { type JudgeProgress, progressOf } from './judge-progress.ts';

const line = (done: number) => `${JSON.stringify({ progress: { done, of: 6, unit: 'snapshots' } })}\n`;

it('finds the lines of progress in whatever pieces they come, and no others', () => {
  const output = `{"samples":1}\n${line(1)}{"progress":{"done":-1}}\n{"progress":\nno\n${line(2)}{"progress":{"done":1,"of":1,"unit":"\u001b[31m"}}\n${line(3)}`;
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: output.length - 1 }), { maxLength: 8 }), (cuts) => {
      const seen: JudgeProgress[] = [];
      const take = progressOf((progress) => seen.push(progress));
      const at = [0, ...cuts.sort((a, b) => a - b), output.length];
      for (let i = 1; i < at.length; i++) take(output.slice(at[i - 1], at[i]));
      expect(seen.map(({ done }) => done)).toEqual([1, 2, 3]);
    }),
  );
});
