import type { Activations } from './layout.ts';
import { RowReader } from './row-reader.ts';
import { readVocabulary, textOf } from './vocabulary.ts';

/** Tokens that are shown on each side. */
const AROUND = 6;

/** Shows rows as the tokens that they belong to, in their contexts. */
export interface Words {
  /** What tells two contexts apart. */
  contextOf(place: number): number;
  /** The row's token in brackets, among its neighbours of the same context. */
  around(place: number): string;
}

/** Null for a folder without tokens. Rows are named by their numbers in the folder. */
export function openWords(folder: string, activations: Activations): Words | null {
  const { columns } = activations.spans[0];
  if (!columns.has('tokens')) return null;
  const reader = new RowReader(activations);
  const vocabulary = readVocabulary(folder);
  const { contextSize, rows } = activations;
  const contexts = (places: readonly number[]): ArrayLike<number> => {
    if (contextSize !== null) return places.map((place) => Math.floor(place / contextSize));
    return columns.has('context') ? reader.column('context', places) : places.map(() => 0);
  };
  const word = (token: number): string => (vocabulary ? textOf(vocabulary, token) : ` ${token}`);
  return {
    contextOf: (place) => (contextSize === null && !columns.has('context') ? place : contexts([place])[0]),
    around(place) {
      const from = Math.max(0, place - AROUND);
      const near = Array.from({ length: 2 * AROUND + 1 }, (_, i) => from + i).filter((row) => row < rows);
      const own = near.indexOf(place);
      const ids = contexts(near);
      const tokens = reader.column('tokens', near);
      const text = near
        .map((_, at) => {
          if (ids[at] !== ids[own]) return '';
          const said = word(tokens[at]);
          return at === own ? `${/^ /.test(said) ? ' ' : ''}[${said.trimStart()}]` : said;
        })
        .join('');
      return text.trim();
    },
  };
}
