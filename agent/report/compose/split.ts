import { type Block, plain } from '../document/tree.ts';

type Heading = Extract<Block, { t: 'heading' }>;

/** Headings of what is written before the work: idea, motivation, expectation. */
const OPENING =
  /idea|motiv|expect|predict|question|hypothes|background|why|what|goal|claim|plan|context|tl;?dr/i;

/**
 * Splits the README into its opening, which is written before the work, and the log that follows. Its title
 * is dropped, whatever its level: the report has its own. The other headings begin at level 2.
 */
export function splitLog(blocks: readonly Block[]): { asked: Block[]; log: Block[] } {
  const levels = blocks.flatMap((block) => (block.t === 'heading' ? [block.level] : []));
  const top = Math.min(...levels);
  const first = blocks.findIndex(isHeading);
  // A title stands alone on its level, before all but front matter.
  const titled = levels[0] === top && levels.filter((level) => level === top).length === 1;
  const opens = blocks
    .slice(0, Math.max(0, first))
    .every((block) => block.t === 'code' || block.t === 'rule');
  const without = titled && opens ? blocks.filter((_, index) => index !== first) : [...blocks];
  const least = Math.min(...without.flatMap((block) => (block.t === 'heading' ? [block.level] : [])));
  const body = without.map((block): Block => {
    if (block.t !== 'heading') return block;
    return { ...block, level: Math.min(4, block.level + 2 - least) as 2 | 3 | 4 };
  });
  const at = body.findIndex(
    (block) => isHeading(block) && block.level === 2 && !OPENING.test(plain(block.c)),
  );
  return at === -1 ? { asked: body, log: [] } : { asked: body.slice(0, at), log: body.slice(at) };
}

function isHeading(block: Block): block is Heading {
  return block.t === 'heading';
}
