import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openWorld } from '../worlds.ts';
import { drawWorld } from './draw.ts';
import { worldFacts } from './facts.ts';

const { world } = await openWorld('small');
const facts = worldFacts(world, 50_000);

describe('the picture of a world', () => {
  it('counts what the sampler drew', () => {
    const sum = (numbers: number[]) => numbers.reduce((a, b) => a + b, 0);
    expect(sum(facts.l0.map(({ share }) => share))).toBeCloseTo(1, 9);
    expect(sum(facts.l0.map(({ active, share }) => active * share))).toBeCloseTo(facts.meanL0, 9);
    expect(sum(facts.rates.map(({ real }) => real))).toBeCloseTo(facts.meanL0, 9);
    expect(facts.rates.filter(({ kind }) => kind === 'in a tree')).toHaveLength(340);
  });

  it('hangs every node of the first tree below its parent', () => {
    // 1 + 4 + 16 + 64 nodes.
    expect(facts.tree).toHaveLength(85);
    expect(facts.tree.filter((node) => node.depth - node.parentDepth === 1)).toHaveLength(84);
    for (const { x, depth, real, parentX, parentDepth } of facts.tree) {
      const parent = facts.tree.find((node) => node.x === parentX && node.depth === parentDepth);
      expect(parent, `parent of ${x} at depth ${depth}`).toBeDefined();
      expect(real).toBeLessThanOrEqual(parent?.real ?? 0);
    }
  });

  it('is the one in the README, byte for byte', async () => {
    const kept = readFileSync(join(import.meta.dirname, 'world.svg'), 'utf8');
    // After a change of the sampler: npm run bench:picture.
    expect((await drawWorld(facts)) === kept).toBe(true);
  });
});
