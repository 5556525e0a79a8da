import { appendFileSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { keyOf } from './key.ts';
import { type OnSecretWorld, SecretStore } from './store.ts';

const key = () => keyOf(mkdtempSync(join(tmpdir(), 'store-')), 'run/a');
const line: OnSecretWorld = {
  ...{ draw: 0, world: 'w', leaderboard: 'tiny-1', rows: 10, result: { failed: 'diverged' } },
  spec: { experiment: 'plain', settings: {}, samples: 100, seed: 0, tree: 'a'.repeat(40) },
};

it('keeps what was measured, without a line that a crash cut', () => {
  const of = key();
  new SecretStore(of).add(line);
  const path = join(of.folder, 'verdicts.jsonl');
  appendFileSync(path, '{"draw":1');
  const again = new SecretStore(of);
  expect([again.fresh, again.find({ ...line.spec, seed: 5 }, line)]).toEqual([1, line]);
  again.add({ ...line, draw: 1 });
  expect(readFileSync(path, 'utf8').trim().split('\n')).toHaveLength(2);
});

it.each(['verdicts.jsonl', 'plan.json'])('names %s in one line where it cannot be read', (name) => {
  const of = key();
  writeFileSync(join(of.folder, name), '{"draw": "none"}\n');
  const message = new RegExp(`^[^\\n]*${name}[^\\n]*: cannot be read; remove it, [^\\n]*$`);
  expect(() => new SecretStore(of)).toThrow(message);
});
