import type { Label } from '../probing/probe.ts';
import { sampleHeldOut } from './held-out.ts';
import { type Activations, wrong } from './layout.ts';
import { RowReader } from './row-reader.ts';
import type { Split } from './split.ts';
import { readVocabulary, TOKEN_CLASSES, textOf } from './vocabulary.ts';

/** Labels of each kind that are probed at most: the most frequent ones. */
const MOST = 200;
/** Rows in which frequencies are counted: the same ones for all judgings, so all probe the same labels. */
const COUNTED = 100_000;
const COUNTED_KEY = Buffer.from('rows to count labels in');
/** A label in fewer of them is too rare to be probed. */
const LEAST_SHARE = 4e-4;

/** A label that is probed, and how to tell which rows have it. */
interface Wanted {
  kind: string;
  name: string;
  /** The column that tells it, and the values that mean it. */
  column: string;
  has(value: number): boolean;
}

/** What a folder's rows are probed for. */
export interface Probed {
  /** Which kinds there are, and which are left out: one line. */
  about: string;
  kindOf: ReadonlyMap<string, string>;
  /**
   * The first labels, at most `most`, the most frequent of each kind first: which of these rows of the
   * folder have each, by their numbers in the list.
   */
  labels(rows: ArrayLike<number>, most: number): Label[];
}

/**
 * The labels of the shards (`label.<name>`, where it is not 0), the most frequent 200 of them. Without
 * labels: the 200 most frequent tokens, and with a vocabulary the classes of tokens.
 * @throws UserError where a folder has neither, or none that some of its held-out rows have and others lack
 */
export function probedLabels(folder: string, activations: Activations, split: Split): Probed {
  const reader = new RowReader(activations);
  const { places } = sampleHeldOut(activations, split, COUNTED_KEY, COUNTED);
  const names = [...activations.spans[0].columns.keys()];
  const labels = names.filter((name) => name.startsWith('label.'));
  const { wanted, about } =
    labels.length > 0
      ? ofLabels(reader, labels, places)
      : ofTokens(folder, names.includes('tokens') ? reader.column('tokens', places) : null);
  if (wanted.length === 0)
    throw wrong(
      folder,
      `of ${labels.length > 0 ? `the ${labels.length} labels` : 'all tokens'} none is on some of ${places.length} held-out rows and not on others (on ${LEAST_SHARE * 100} % of them at least): there is nothing to probe for`,
    );
  return {
    about,
    kindOf: new Map(wanted.map(({ name, kind }) => [name, kind])),
    labels(rows, most) {
      const own = wanted.slice(0, most);
      const columns = [...new Set(own.map(({ column }) => column))];
      return columns.flatMap((column) => labelsOf(own, column, reader.column(column, rows)));
    },
  };
}

function labelsOf(wanted: readonly Wanted[], column: string, values: Float64Array): Label[] {
  return wanted
    .filter((each) => each.column === column)
    .map(({ name, has }) => {
      const rows: number[] = [];
      for (let row = 0; row < values.length; row++) if (has(values[row])) rows.push(row);
      return { name, rows: Uint32Array.from(rows) };
    });
}

type Chosen = { wanted: Wanted[]; about: string };

function ofLabels(reader: RowReader, columns: readonly string[], places: Float64Array): Chosen {
  const counted = columns.map((column) => ({
    column,
    count: reader.column(column, places).reduce((sum, value) => sum + Number(value !== 0), 0),
  }));
  const wanted = counted
    .filter(({ count }) => count >= LEAST_SHARE * places.length && count < places.length)
    .sort((a, b) => b.count - a.count || columns.indexOf(a.column) - columns.indexOf(b.column))
    .slice(0, MOST)
    .map(({ column }): Wanted => {
      return { kind: 'labels', name: column.slice('label.'.length), column, has: (value) => value !== 0 };
    });
  return {
    wanted,
    about: `${wanted.length} of the ${columns.length} labels of the shards, the most frequent`,
  };
}

function ofTokens(folder: string, tokens: Float64Array | null): Chosen {
  if (tokens === null)
    throw wrong(folder, 'has neither label.<name> nor tokens: there is nothing to probe for');
  const counts = new Map<number, number>();
  for (const token of tokens) counts.set(token, (counts.get(token) ?? 0) + 1);
  const vocabulary = readVocabulary(folder);
  const frequent = [...counts]
    .filter(([, count]) => count >= LEAST_SHARE * tokens.length && count < tokens.length)
    .sort((a, b) => b[1] - a[1] || a[0] - b[0])
    .slice(0, MOST);
  const wanted = frequent.map(([token]): Wanted => {
    const text = vocabulary ? ` ${JSON.stringify(textOf(vocabulary, token))}` : '';
    return {
      kind: 'tokens',
      name: `token ${token}${text}`,
      column: 'tokens',
      has: (value) => value === token,
    };
  });
  const most = `the ${frequent.length} most frequent tokens`;
  if (vocabulary === null)
    return {
      wanted,
      about: `${most}; no classes of tokens, since there is no vocabulary.json or tokenizer.json`,
    };
  const { pieces, marks } = vocabulary;
  const classes = Object.entries(TOKEN_CLASSES).flatMap(([name, test]): Wanted[] => {
    const has = (token: number): boolean => {
      const piece = pieces[token];
      return piece !== undefined && test(piece, marks);
    };
    const count = tokens.reduce((sum, token) => sum + Number(has(token)), 0);
    return count >= LEAST_SHARE * tokens.length
      ? [{ kind: 'token classes', name, column: 'tokens', has }]
      : [];
  });
  const named = classes.map(({ name }) => name).join(', ') || 'none is frequent enough';
  return { wanted: [...wanted, ...classes], about: `${most}, and classes of tokens: ${named}` };
}
