import type { Block, Inline } from './tree.ts';

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

/**
 * The blocks with links to files of the repository, for a report from where `root` leads to it. Without a way
 * there, the words of a link stay.
 */
export function linkFiles(blocks: readonly Block[], root: string): Block[] {
  return JSON.parse(JSON.stringify(blocks), (_, value: Inline | null) => {
    if (value?.t !== 'file') return value;
    const parts = [...root.split('/'), ...value.path.split('/')].filter(Boolean);
    return { t: 'link', href: parts.map(encodeURIComponent).join('/'), c: value.c };
  }) as Block[];
}
