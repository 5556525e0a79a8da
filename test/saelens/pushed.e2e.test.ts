import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { push } from '#bench/hub/push';
import { PushHub } from '#bench/hub/testing/push-hub';
import { openBackend } from '#engine/backend';
import { capture } from '#host/capture';
import { cleanEnv } from '#host/env';
import { architectureNames } from '#sae/load';
import { copiedCheckout } from '../checkout.ts';
import { isHere, startPython, why } from './ask.ts';
import { exported } from './exported.ts';

const root = mkdtempSync(join(tmpdir(), 'sae-pushed-'));
// Each test has a hub of its own: what it was asked is that of one test.
let hub: PushHub;
const user = () => ({ HF_ENDPOINT: hub.url, HF_TOKEN: PushHub.TOKEN, HF_HOME: root });
const pushing = [join(root, 'runs/lista-matryoshka/checkpoint.safetensors'), '--push', 'me/my-sae'];
beforeAll(async () => {
  await openBackend('embedded');
});
afterAll(() => rmSync(root, { recursive: true }));
beforeEach(async () => {
  hub = new PushHub();
  await hub.open();
});
afterEach(() => hub.close());

describe.skipIf(!isHere)(`a pushed export${why}`, () => {
  it.skipIf(!architectureNames().includes('lista-matryoshka'))(
    'is downloaded by huggingface_hub as it was written',
    async () => {
      await exported(root, 'lista-matryoshka', { k: 2.5, matryoshka_widths: [8] });
      const folder = join(root, 'lista-matryoshka');
      await push('me/my-sae', folder, { env: user() });
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
  );

  it.skipIf(!architectureNames().includes('lista-matryoshka'))(
    'whose form in Python differs is refused before anything is sent',
    async () => {
      await exported(root, 'lista-matryoshka', { k: 2.5, matryoshka_widths: [8] });
      const form = 'sae/architectures/lista-matryoshka.py';
      const repo = copiedCheckout();
      const text = readFileSync(join(repo, form), 'utf8');
      writeFileSync(join(repo, form), text.replace('    return z\n', '    return 1.1 * z\n'));
      const { exit, complaint } = await capture({
        argv: [process.execPath, '--import', './host/start.mjs', 'bench/cli/export.ts', ...pushing],
        cwd: repo,
        env: cleanEnv({ ...user(), SAELENS_PYTHON: process.env.SAELENS_PYTHON }),
        timeoutSeconds: 170,
      }).finally(() => rmSync(repo, { recursive: true }));
      expect([exit.code, complaint]).toEqual([1, expect.stringContaining('Python form differs: ')]);
      expect(hub.asked).toEqual([]);
    },
  );
});
