import { z } from 'zod';

/**
 * Terminal control sequences: titles and hyperlinks (OSC and similar), then CSI, then the two-character
 * ones.
 */
const ORDERS =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they begin with one
  /(?:\x1b[\]PX^_]|[\x9d\x90\x98\x9e\x9f])[^\x07\x1b\x90-\x9f]*(?:\x07|\x1b\\|\x9c)|(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]|\x1b[ -/]*[0-~]/g;

/** Invisible characters, marks that change the reading direction among them; scripts and emojis need some. */
const INVISIBLE = /(?!\u200c|\u200d|\ufe0e|\ufe0f)[\p{Cf}\p{DI}]/gu;

/**
 * Makes outside text printable as one line: without terminal control sequences, control characters, invisible
 * characters and unpaired surrogates.
 */
export const plain = (text: string): string =>
  text
    .replace(ORDERS, '')
    .replace(/\p{Cs}/gu, '\ufffd')
    .replace(/[\p{Cc}\s]+/gu, ' ')
    .replace(INVISIBLE, '')
    .replace(/ +/g, ' ')
    .trim();

/** The same for a text of several lines, whose line ends, tabs and blanks stay. */
export const printable = (text: string): string =>
  text
    .replace(ORDERS, '')
    .replace(/\r\n?|[\u0085\u2028\u2029]/g, '\n')
    .replace(/\p{Cs}/gu, '\ufffd')
    .replace(/[^\P{Cc}\n\t]/gu, '')
    .replace(INVISIBLE, '');

/** A line and a text of a researcher's or of its code, cleaned where they come in. */
export const Line = z.string().overwrite(plain);
export const Words = z.string().overwrite(printable);
/** Numbers whose names the code of a workspace chose. */
export const NamedNumbers = z.record(Line, z.number());
/** Values whose names and words the code of a workspace chose. */
export const NamedValues = z.record(Line, z.union([z.number(), z.boolean(), z.null(), Line]));
export type NamedValues = z.infer<typeof NamedValues>;
