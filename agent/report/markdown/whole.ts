import type { Block } from '../document/tree.ts';
import { changeAll } from '../document/walk.ts';

/** The blocks, in which every table and code that was cut names the file that has all of it. */
export const namingWhole = (blocks: readonly Block[], whole: string): Block[] =>
  changeAll(blocks, (block): Block => {
    if (block.t === 'table' && block.omitted !== null)
      return { ...block, omitted: `${block.omitted} ${whole} has all.` };
    if (block.t === 'code' && block.omitted > 0) return { ...block, whole };
    return block;
  });
