import type { Block } from './tree.ts';

/** The block with the blocks inside it changed by `change`; a block that holds none stays as it is. */
export function changeInner(block: Block, change: (inner: readonly Block[]) => Block[]): Block {
  if (block.t === 'list') {
    return { ...block, items: block.items.map((item) => ({ ...item, c: change(item.c) })) };
  }
  switch (block.t) {
    case 'quote':
    case 'note':
    case 'details':
    case 'untrusted':
      return { ...block, c: change(block.c) };
    default:
      return block;
  }
}

/** Every block changed by `change`, from the inside out. */
export function changeAll(blocks: readonly Block[], change: (block: Block) => Block): Block[] {
  return blocks.map((block) => change(changeInner(block, (inner) => changeAll(inner, change))));
}
