import { createHash, createHmac, randomUUID } from 'node:crypto';
import type { MessagesRequest } from '../protocol.ts';
import { type Block, isObject } from './rule.ts';
import { bindingModel } from './thinking.ts';

/** The key is the same in every process: a block that one server signed is valid for the next. */
const KEY = 'replay/rules/seal';

/** What the signature of a thinking block holds. */
export interface Seal {
  id: string;
  /** The model that wrote the block. */
  model: string;
  /** Hash of its own text. */
  text: string;
  /**
   * Hash of all before the block except thinking: system, tools, messages, earlier blocks of its own message.
   */
  prefix: string;
  /** Hash over the thinking blocks before it. */
  chain: string;
}

/** All that is before a block, added one block at a time: what a thinking block is bound to. */
export class Prefix {
  #hash: ReturnType<typeof createHash>;
  /** Null before the first thinking block. */
  #chain: string | null = null;
  readonly #start: string;

  constructor({ system, tools }: Pick<MessagesRequest, 'system' | 'tools'>) {
    const systemBlocks = typeof system === 'string' ? [{ type: 'text', text: system }] : (system ?? []);
    this.#start = JSON.stringify([systemBlocks.map(bare), (tools ?? []).map(bare)]);
    this.#hash = createHash('sha256').update(this.#start);
  }

  /**
   * Adds the next block. A summary (a `compaction` block) starts the prefix anew: messages before it no
   * longer count.
   */
  add(role: string, block: Block): void {
    if (isThinking(block)) {
      const seal = sealOf(block);
      if (seal) this.#chain = digest(`${this.#chain ?? seal.chain} ${seal.id}`);
      return;
    }
    if (block.type === 'compaction') {
      this.#hash = createHash('sha256').update(this.#start);
      this.#chain = null;
    }
    this.#hash.update(`\n${role} ${JSON.stringify(bare(block))}`);
  }

  /** Adds the fields of a message other than its role and its blocks. */
  note(fields: Record<string, unknown>): void {
    const said = bare(fields);
    if (Object.keys(said).length > 0) this.#hash.update(`\n${JSON.stringify(said)}`);
  }

  /** The block as the API returns it, with a signature that binds it to this prefix and to the model. */
  sign(block: Block, model: string): Block {
    const seal: Seal = {
      id: randomUUID(),
      model: bindingModel(model) ?? model,
      text: digest(String(block.thinking ?? '')),
      prefix: this.#digest(),
      chain: this.#chain ?? '',
    };
    const words = Buffer.from(JSON.stringify(seal)).toString('base64url');
    const signature = `${words}.${mac(words)}`;
    return block.type === 'thinking' ? { ...block, signature } : { ...block, data: signature };
  }

  /**
   * Whether the block was made after exactly this prefix. Thinking blocks that were removed from the
   * beginning are no change: the chain then begins with what the first remaining block's own seal says.
   */
  fits({ prefix, chain }: Seal): boolean {
    return prefix === this.#digest() && (this.#chain === null || chain === this.#chain);
  }

  #digest(): string {
    return this.#hash.copy().digest('hex');
  }
}

export const isThinking = ({ type }: { type: string }) => type === 'thinking' || type === 'redacted_thinking';

/** The seal in a block's signature; null where no server made the signature, or made it for another text. */
export function sealOf(block: Block): Seal | null {
  const [words, code, ...rest] = String(block.type === 'thinking' ? block.signature : block.data).split('.');
  if (words === undefined || rest.length > 0 || code !== mac(words)) return null;
  const seal = JSON.parse(Buffer.from(words, 'base64url').toString('utf8')) as Seal;
  return seal.text === digest(String(block.thinking ?? '')) ? seal : null;
}

/**
 * The block without its cache mark and its null fields, with its fields sorted, so that none of these changes
 * a hash.
 */
function bare(block: Record<string, unknown>): Record<string, unknown> {
  const kept = Object.entries(block)
    .filter(([field, value]) => field !== 'cache_control' && value !== null)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([field, value]) => [field, field === 'content' ? bareContent(value) : value]);
  return Object.fromEntries(kept);
}

const bareContent = (content: unknown) =>
  Array.isArray(content) ? content.map((inner) => (isObject(inner) ? bare(inner) : inner)) : content;

const digest = (text: string) => createHash('sha256').update(text).digest('hex').slice(0, 32);
const mac = (words: string) => createHmac('sha256', KEY).update(words).digest('base64url');
