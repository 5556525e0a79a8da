import type { Block } from '../document/tree.ts';
import { changeInner } from '../document/walk.ts';

type Check = (blocks: readonly Block[]) => boolean;

/**
 * The blocks with those that fail the check made plainer: formulas as code, a picture as a line, at last the
 * words alone. Halves are checked first, so that one bad block among hundreds is found in few steps.
 */
export function sound(blocks: readonly Block[], check: Check): { blocks: Block[]; changed: string } {
  let changed = 0;
  const look = (some: readonly Block[]): Block[] => {
    if (some.length === 0 || check(some)) return [...some];
    if (some.length > 1) {
      const half = some.length >> 1;
      return [...look(some.slice(0, half)), ...look(some.slice(half))];
    }
    return some.map((block) => {
      const inner = changeInner(block, look);
      if (inner !== block && check([inner])) return inner;
      changed++;
      return plainer(inner).find((other) => check([other])) ?? { t: 'rule' };
    });
  };
  return { blocks: look(blocks), changed: changed === 1 ? '1 part' : `${changed} parts` };
}

function plainer(block: Block): Block[] {
  const why = 'it cannot be drawn';
  if (block.t === 'figure') return [{ t: 'missing', what: block.alt, why }];
  return [JSON.parse(JSON.stringify(block), withoutFormulas) as Block, wordsAlone(block)];
}

/** The words of a block as one paragraph. */
export const wordsAlone = (block: Block): Block => ({
  t: 'para',
  c: [{ t: 'text', v: wordsOf(block).replace(/ +/g, ' ').trim().slice(0, 20_000) }],
});

/** A formula as its source: the writers show one without MathML and without a walk as code. */
function withoutFormulas(key: string, value: unknown): unknown {
  return key === 'walk' ? null : value;
}

/** Every string of a block that is for reading. */
function wordsOf(value: unknown): string {
  if (typeof value === 'string') return value;
  if (Array.isArray(value)) return value.map(wordsOf).join(' ');
  if (typeof value !== 'object' || value === null) return '';
  return Object.entries(value)
    .filter(([key]) => !HIDDEN.has(key))
    .map(([, inner]) => wordsOf(inner))
    .join(' ');
}

const HIDDEN = new Set(['t', 'k', 'm', 'tone', 'align', 'mathml', 'walk', 'picture', 'base64', 'href']);
