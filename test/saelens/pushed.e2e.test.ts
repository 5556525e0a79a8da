import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { push } from '#bench/hub/push';
import { PushHub } from '#bench/hub/testing/push-hub';
import { openBackend } from '#engine/backend';
import { architectureNames } from '#sae/load';
import { isHere, startPython, why } from './ask.ts';
import { exported } from './exported.ts';

const root = mkdtempSync(join(tmpdir(), 'sae-pushed-'));
const hub = new PushHub();
beforeAll(async () => {
  await openBackend('embedded');
});
afterAll(() => rmSync(root, { recursive: true }));
beforeEach(() => hub.open());
afterEach(() => hub.close());

describe.skipIf(!isHere)(`a pushed export${why}`, () => {
  it.skipIf(!architectureNames().includes('lista-matryoshka'))(
    'is downloaded by huggingface_hub as it was written',
    async () => {
      await exported(root, 'lista-matryoshka', { k: 2.5, matryoshka_widths: [8] });
      const folder = join(root, 'lista-matryoshka');
      const env = { HF_ENDPOINT: hub.url, HF_TOKEN: PushHub.TOKEN, HF_HOME: root };
      await push('me/my-sae', folder, { env });
      const { exit, stdout, complaint } = await startPython(
        'pulled.py',
        hub.url,
        PushHub.TOKEN,
        'me/my-sae',
        join(root, 'hub'),
      );
      expect(exit.code, complaint ?? '').toBe(0);
      const sha = (name: string) =>
        createHash('sha256')
          .update(readFileSync(join(folder, name)))
          .digest('hex');
      expect(JSON.parse(stdout)).toEqual(
        Object.fromEntries(readdirSync(folder).map((name) => [name, sha(name)])),
      );
    },
    180_000,
  );
});
