import hljs from 'highlight.js/lib/core';
import bash from 'highlight.js/lib/languages/bash';
import diff from 'highlight.js/lib/languages/diff';
import json from 'highlight.js/lib/languages/json';
import python from 'highlight.js/lib/languages/python';
import typescript from 'highlight.js/lib/languages/typescript';
import yaml from 'highlight.js/lib/languages/yaml';
import type { CodeSpan } from '../document/tree.ts';
import { decodeEntities, limits } from './guards.ts';

const languages = { bash, diff, json, python, typescript, yaml };
for (const [name, language] of Object.entries(languages)) hljs.registerLanguage(name, language);

const kinds: [RegExp, CodeSpan['k']][] = [
  [/comment|doctag|meta/, 'comment'],
  [/string|regexp|addition/, 'string'],
  [/number|literal|deletion/, 'number'],
  [/keyword|built_in|type/, 'keyword'],
  [/title|attr|property|function|variable/, 'name'],
];

/** Code as lines of coloured pieces; unknown languages and very long code stay plain. */
export function highlight(
  source: string,
  language: string,
): { lines: CodeSpan[][]; lang: string; omitted: number } {
  const all = source.replace(/\n+$/, '').split('\n');
  const kept = all.slice(0, limits.codeLines);
  const omitted = all.length - kept.length;
  const code = kept.join('\n');
  if (!hljs.getLanguage(language) || code.length > 40_000) {
    return { lines: kept.map((v) => [{ v, k: 'plain' }]), lang: language, omitted };
  }
  const html = hljs.highlight(code, { language, ignoreIllegals: true }).value;
  return { lines: spans(html), lang: language, omitted };
}

/** Splits the output of highlight.js (only `<span class="hljs-x">` and escaped text) into lines of pieces. */
function spans(html: string): CodeSpan[][] {
  const lines: CodeSpan[][] = [[]];
  const open: CodeSpan['k'][] = [];
  for (const part of html.match(/<span class="[^"]*">|<\/span>|[^<]+/g) ?? []) {
    if (part === '</span>') open.pop();
    else if (part.startsWith('<span'))
      open.push(kinds.find(([name]) => name.test(part))?.[1] ?? open.at(-1) ?? 'plain');
    else {
      decodeEntities(part)
        .split('\n')
        .forEach((v, index) => {
          if (index > 0) lines.push([]);
          if (v !== '') lines.at(-1)?.push({ v, k: open.at(-1) ?? 'plain' });
        });
    }
  }
  return lines;
}
