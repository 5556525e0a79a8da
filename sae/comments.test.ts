import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';

const COLUMNS = 110;

const sources = readdirSync(import.meta.dirname, { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.ts') && !name.endsWith('.test.ts'))
  .map((name) => ({ name, lines: readFileSync(join(import.meta.dirname, name), 'utf8').split('\n') }));

const isComment = (line: string) => /^\s*(\/\/|\/\*|\*)/.test(line);

it('every field of a config and of an interface has a comment', () => {
  const bare: string[] = [];
  for (const { name, lines } of sources) {
    let inInterface = false;
    for (const [i, line] of lines.entries()) {
      if (/^(export )?interface /.test(line)) inInterface = true;
      if (line === '}') inInterface = false;
      const isField =
        /^ {2,6}\w+: (z$|z\.)/.test(line) || (inInterface && /^ {2}(readonly )?\w+(\?|<.*>)?[:(]/.test(line));
      if (isField && !isComment(lines[i - 1])) bare.push(`${name}:${i + 1}: ${line.trim()}`);
    }
  }
  expect(bare).toEqual([]);
});

it('comments keep to the columns of the code', () => {
  const long = sources.flatMap(({ name, lines }) =>
    lines.flatMap((line, i) => (isComment(line) && [...line].length > COLUMNS ? [`${name}:${i + 1}`] : [])),
  );
  expect(long).toEqual([]);
});
