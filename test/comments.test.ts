import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { FOLDERS, root, sources } from './import-graph.ts';

const MOST = 110;
/** A line that holds a comment only. An indented command line within a comment may be longer. */
const COMMENT = /^\s*(\/\*\*? |\* |\/\/ )(?! )/;

it('comments are read in lines of at most 110 columns', () => {
  const files = FOLDERS.flatMap((folder) => sources(folder, /\.(m?[jt]s|as)$/));
  const long = files.flatMap((file) =>
    readFileSync(join(root, file), 'utf8')
      .split('\n')
      .flatMap((line, at) => (line.length > MOST && COMMENT.test(line) ? [`${file}:${at + 1}`] : [])),
  );
  expect(long).toEqual([]);
});
