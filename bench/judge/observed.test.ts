import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { observedOf } from './observed.ts';
import type { RunFolder } from './run-folder.ts';

const dir = mkdtempSync(join(tmpdir(), 'observed-'));
mkdirSync(join(dir, 'out'));
afterAll(() => rmSync(dir, { recursive: true }));

const folder = (rowsServed: number | null): RunFolder =>
  ({
    ...{ dir, run: { rowsServed, batch: 10 }, result: { samples: 1000, normalisationSamples: 0 } },
  }) as unknown as RunFolder;

it('counts all that training left, whatever the width that is answered', () => {
  expect(observedOf(folder(null), null, 4)).toMatchObject({ width: 4, checkpoint_bytes: 0 });
  writeFileSync(join(dir, 'out/checkpoint.safetensors'), Buffer.alloc(4096));
  expect(observedOf(folder(null), null, 4)).toMatchObject({ width: 4, checkpoint_bytes: 4096 });
});

it('takes the trainer’s count of samples where as many rows were served, else the rows', () => {
  expect(observedOf(folder(1080), null, 4)).toMatchObject({ samples: 1000, rows_served: 1080 });
  expect(observedOf(folder(1090), null, 4)).toMatchObject({ samples: 1090, rows_served: 1090 });
  expect(observedOf(folder(500), null, 4)).toMatchObject({ samples: 500 });
});
