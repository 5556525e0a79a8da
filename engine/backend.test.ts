import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { UserError } from '#contract/errors';
import { backendNames, openBackend } from './backend.ts';
import { currentForm } from './operation.ts';
import { isInstalled } from './packages.ts';

it.each(['cpu', 'wasm'])('%s passes its golden step and says what it is', async (name) => {
  const backend = await openBackend(name);
  expect(backend).toMatchObject({ name, why: 'asked for', gpu: false });
  expect(backend.label).toContain(` ${name} (`);
  expect(tf.getBackend()).toBe(name);
});

it('leaves everything to tfjs where that is asked for, until the next is opened', async () => {
  expect((await openBackend('cpu', { plain: true })).label).toContain('plain tfjs');
  expect(currentForm()).toBe('plain');
  await openBackend('cpu');
  expect(currentForm()).toBe('kernels');
});

it('takes one by itself and says of all before it why not, or takes the one that the environment names', async () => {
  const first = await openBackend();
  // Where a GPU works, its time stands there.
  expect(first.why).toMatch(/^the (first that runs|fastest training step) here/);
  for (const passedOver of backendNames.slice(0, backendNames.indexOf(first.name))) {
    expect(first.why).toMatch(new RegExp(`[;:,] ${passedOver}(:| [\\d.]+ ms)`));
  }
  process.env.ENGINE_BACKEND = 'cpu';
  const forced = await openBackend().finally(() => delete process.env.ENGINE_BACKEND);
  expect([forced.name, forced.why]).toEqual(['cpu', 'asked for by ENGINE_BACKEND']);
});

it.skipIf(isInstalled('@tensorflow/tfjs-node'))(
  'says in one line what a backend lacks that is asked for',
  async () => {
    await expect(openBackend('node')).rejects.toThrow(
      new UserError('backend node: @tensorflow/tfjs-node not installed (npm run setup:gpu -- node)'),
    );
  },
);

it('refuses a name there is not, listing those there are', async () => {
  await expect(openBackend('abacus')).rejects.toThrow(
    new UserError(`unknown backend "abacus"; there are: auto, ${backendNames.join(', ')}`),
  );
});
