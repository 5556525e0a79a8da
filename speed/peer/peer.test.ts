import { expect, it } from 'vitest';
import type { Answer, Case } from '../step/run.ts';
import type { PeerCase, PeerInfo } from './ask.ts';
import type { PeerLine } from './compare.ts';
import { comparePeer, type Part, type PeerOptions } from './peer.ts';

const settings = { d_sae: 4096, k: 25, lr: 3e-4 };
const sizes = { profile: '16k', profileSettings: undefined, world: 'full-size.json', backend: 'auto' };

/** A call of the bench with fakes on both sides, and all that was measured, in order. */
async function compared(change: Partial<PeerOptions>, devices: PeerInfo['devices'] = ['cpu']) {
  const order: string[] = [];
  const asked: { ours: Case[]; theirs: PeerCase[] } = { ours: [], theirs: [] };
  const parts: Part[] = ['batchtopk', 'lista', 'sampler'];
  const options = { parts, rounds: 1, seconds: 2, batch: 1000, sizes, hasBlas: true, ...change };
  const lines: PeerLine[] = [];
  const found = comparePeer(options, {
    peer: {
      info: { saelens: '6', torch: '2', threads: 2, devices, gpu: null },
      async time(one) {
        asked.theirs.push(one);
        order.push(`${one.device} ${one.bf16 ? 'bf16' : 'fp32'}`);
        return one.bf16 ? [800, 800] : [1000, 1000];
      },
    },
    async step(one) {
      asked.ours.push(one);
      order.push(one.npmAlone ? 'npm' : 'blas');
      const ms = { step: one.npmAlone ? 200 : 100 };
      const about = { architecture: 'lista-matryoshka', backend: 'x', d_in: 8, d_sae: 16, batch: 1000 };
      return { ...about, settings, ms } as unknown as Answer;
    },
    async sample() {
      order.push('ours');
      return 10;
    },
  });
  for await (const line of found) lines.push(line);
  return { lines, order, asked };
}

it('measures steps with data and without, and the sampler, and gives the ratios', async () => {
  const { lines } = await compared({});
  const said = lines.map(({ name, ratio, npmAloneRatio }) => [name, ratio, npmAloneRatio]);
  expect(said).toEqual([
    ['peer BatchTopK', 8, 4],
    ['peer BatchTopK without data', 8, 4],
    ['peer LISTA-Matryoshka', 8, 4],
    ['peer LISTA-Matryoshka without data', 8, 4],
    ['peer sampler', 80, 80],
  ]);
});

it('takes turns with SAELens, after a first look at its own step', async () => {
  const { order } = await compared({ parts: ['batchtopk'], rounds: 2 });
  const round = ['cpu fp32', 'blas', 'cpu bf16', 'npm'];
  expect(order).toEqual(['blas', ...round, ...round, 'blas', ...round, ...round]);
});

it('has SAELens train with the settings that our trainer has, on each device', async () => {
  const { asked, lines, order } = await compared({ parts: ['lista'], hasBlas: false }, ['cpu', 'cuda']);
  expect(order.slice(0, 6)).toEqual(['blas', 'cpu fp32', 'npm', 'cpu bf16', 'cuda fp32', 'cuda bf16']);
  expect(lines.map(({ device }) => device)).toEqual(['cpu', 'cuda', 'cpu', 'cuda']);
  for (const one of asked.theirs) expect(one).toMatchObject({ settings, architecture: 'lista-matryoshka' });
  expect(asked.theirs.map((one) => one.what === 'step' && one.data)).toEqual([
    ...Array<boolean>(4).fill(true),
    ...Array<boolean>(4).fill(false),
  ]);
  expect(asked.ours.map(({ resident }) => resident)).toEqual([false, false, true, true]);
  expect(asked.ours[1].steps).toBe(20);
});
