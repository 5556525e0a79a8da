import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { plain } from '#contract/text';
import { wrong } from './layout.ts';

const id = z.number().int().nonnegative().max(10_000_000);
const ById = z.array(z.string());
const ByPiece = z.record(z.string(), id);
const Own = z.union([ById, ByPiece]);
const Tokenizer = z.object({
  model: z.object({ vocab: z.union([ByPiece, z.array(z.tuple([z.string(), z.number()]))]) }),
  added_tokens: z.array(z.object({ id, content: z.string() })).default([]),
});

/** How a tokenizer marks its pieces: `##` before one that continues a word, or a sign before a word. */
type Marks = 'continues' | 'begins' | 'none';

/** The pieces of a tokenizer, by the token's id. */
export interface Vocabulary {
  pieces: readonly (string | undefined)[];
  marks: Marks;
}

/** The sign of a space: of GPT-2's tokenizers, and of SentencePiece. */
const SPACE = /^[Ġ▁]/u;
/** An added token, as `[CLS]` or `<|endoftext|>`. */
const SPECIAL = /^(\[[A-Za-z0-9]+\]|<[^<> ]+>)$/;

/**
 * The vocabulary beside the shards: `vocabulary.json` (a list of pieces, or their ids by piece), or the
 * `tokenizer.json` of a Hugging Face tokenizer. Null where there is neither.
 * @throws UserError where it cannot be read
 */
export function readVocabulary(folder: string): Vocabulary | null {
  const [own, theirs] = ['vocabulary.json', 'tokenizer.json'].map((name) => join(folder, name));
  if (existsSync(own)) return marked(byId(read(own, Own)));
  if (!existsSync(theirs)) return null;
  const { model, added_tokens } = read(theirs, Tokenizer);
  const pieces = byId(Array.isArray(model.vocab) ? model.vocab.map(([piece]) => piece) : model.vocab);
  for (const { id, content } of added_tokens) pieces[id] = content;
  return marked(pieces);
}

function read<T>(path: string, schema: z.ZodType<T>): T {
  try {
    return schema.parse(JSON.parse(readFileSync(path, 'utf8')));
  } catch {
    throw wrong(path, 'cannot be read as a vocabulary: a list of pieces, or their ids by piece');
  }
}

function byId(vocab: z.infer<typeof Own>): (string | undefined)[] {
  if (Array.isArray(vocab)) return [...vocab];
  const pieces: (string | undefined)[] = [];
  for (const [piece, id] of Object.entries(vocab)) pieces[id] = piece;
  return pieces;
}

function marked(pieces: (string | undefined)[]): Vocabulary {
  const some = (test: RegExp): boolean => pieces.some((piece) => piece !== undefined && test.test(piece));
  return { pieces, marks: some(/^##./) ? 'continues' : some(SPACE) ? 'begins' : 'none' };
}

/** The text of a piece, with a space where one begins a word, in one line and without control characters. */
export function textOf({ pieces, marks }: Vocabulary, token: number): string {
  const piece = pieces[token] ?? `[${token}]`;
  if (marks === 'continues') return piece.startsWith('##') ? plain(piece.slice(2)) : ` ${plain(piece)}`;
  const begins = SPACE.test(piece);
  return `${begins ? ' ' : ''}${plain(piece.replace(SPACE, '').replaceAll('Ċ', '⏎'))}`;
}

/** Kinds of tokens that a probe can look for, by what their piece is. */
export const TOKEN_CLASSES: Readonly<Record<string, (piece: string, marks: Marks) => boolean>> = {
  number: (piece) => /^\p{N}+$/u.test(bare(piece)),
  punctuation: (piece) => !SPECIAL.test(piece) && /^[\p{P}\p{S}]+$/u.test(bare(piece)),
  capital: (piece) => !SPECIAL.test(piece) && /^\p{Lu}/u.test(bare(piece)),
  'continuation piece': (piece, marks) =>
    marks === 'continues'
      ? piece.startsWith('##')
      : marks === 'begins' && /^\p{L}/u.test(piece) && !SPACE.test(piece),
};

const bare = (piece: string): string => piece.replace(/^##(?=.)/, '').replace(SPACE, '');
