import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { escaped } from '../document/escaped.ts';
import { charactersOf } from './coverage.ts';
import { type FontFace, faces, fontFile, signs } from './fonts.ts';
import { mathCharacters } from './math-characters.ts';
import { subsetWoff } from './subset.ts';

const css = readFileSync(new URL('./style.css', import.meta.url), 'utf8');
const mathCss = readFileSync(new URL('./math.css', import.meta.url), 'utf8');

/** The page runs no script and fetches nothing: pictures and fonts are inside it. */
const POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; font-src data:";

/** What a page has besides its body where it is more than a text. All of it is trusted. */
export interface Program {
  css: string;
  /** The one script that the page may run: its hash stands in the policy. */
  script: string;
  /** What the script reads, as elements that no browser shows or runs. */
  data: string;
  /** Letters that only the script shows. */
  letters: string;
  /** Seconds after which the page is loaded again; null: never. */
  refresh: number | null;
}

/** A whole page around `body`, which is trusted. */
export async function page({
  title,
  body,
  program,
}: {
  title: string;
  body: string;
  program?: Program;
}): Promise<string> {
  const main = `<main>\n${body}\n</main>`;
  const policy = program ? `${POLICY}; script-src '${hashOf(program.script)}'` : POLICY;
  const again = program?.refresh
    ? `\n<noscript><meta http-equiv="refresh" content="${program.refresh}"></noscript>`
    : '';
  const end = program ? `\n${program.data}\n<script>${program.script}</script>` : '';
  return `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">${again}
<title>${escaped(title)}</title>
<style>
${await fontFaces(`${title}${main}${program?.letters ?? ''}`)}
${css}${`${main}${program?.letters ?? ''}`.includes('<math') ? mathCss : ''}${program?.css ?? ''}</style>
</head>
<body${program?.refresh ? ` data-refresh="${program.refresh}"` : ''}>
${main}${end}
</body>
</html>
`;
}

/** The hash by which a policy allows a script. */
const hashOf = (script: string) => `sha256-${createHash('sha256').update(script).digest('base64')}`;

/** The fonts, reduced to the characters of this page. */
async function fontFaces(html: string): Promise<string> {
  const used = new Set<number>([...`${html}&<>"'`].map((letter) => letter.codePointAt(0) ?? 32));
  // The style sheet makes some text upper case.
  for (const letter of html.toUpperCase()) used.add(letter.codePointAt(0) ?? 32);
  // The fonts of arrows, box signs and emoji are large: they are included only where such characters occur.
  const special = new Set([...used].filter((character) => character >= 0x2190));
  const wanted: [FontFace, ReadonlySet<number>][] = faces.map((face) => [face, used]);
  for (const face of special.size > 0 ? signs : []) {
    // A browser refuses a font without any character.
    if ([...special].some(charactersOf(fontFile(face)))) wanted.push([face, special]);
  }
  const [math] = signs;
  const formulas = mathCharacters(html);
  // A browser stretches brackets and roots only with a font that has a table for it.
  if (math && formulas.size > 0) wanted.push([{ ...math, family: 'Formulas' }, formulas]);
  const rules = wanted.map(async ([face, characters]) => {
    const font = await subsetWoff(fontFile(face), characters);
    const data = font.toString('base64');
    return `@font-face{font-family:"${face.family}";font-weight:${face.weight};font-style:${face.style};src:url(data:font/woff;base64,${data}) format("woff")}`;
  });
  return (await Promise.all(rules)).join('\n');
}
