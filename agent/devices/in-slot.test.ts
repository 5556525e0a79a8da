import fc from 'fast-check';
import { expect, it } from 'vitest';
import { inSlot, inSlots } from './in-slot.ts';
import { DevicePool, type Slot } from './pool.ts';

const never = new AbortController().signal;
const soon = () => new Promise((resolve) => setImmediate(resolve));
const slots = (count: number): Slot[] => Array.from({ length: count }, (_, i) => ({ device: String(i) }));

/** A run that trains until it is ended. */
interface Training {
  by: string;
  slot: Slot;
  end(how?: Error): void;
}

/** Ends what trains, and what gets a slot after it. */
async function endAll(training: readonly Training[]): Promise<void> {
  while (training.length > 0) {
    training[0]?.end();
    await soon();
  }
}

/** A pool, what trains in it, and researchers who ask for runs. */
function scene(size: number) {
  const devices = new DevicePool(slots(size));
  const training: Training[] = [];
  const train = (by: string, slot: Slot) =>
    new Promise<void>((resolve, reject) => {
      const run: Training = {
        by,
        slot,
        end(how) {
          training.splice(training.indexOf(run), 1);
          if (how) reject(how);
          else resolve();
        },
      };
      training.push(run);
    });
  const counts = { free: size, held: 0, waiting: 0 };
  devices.watch((now) => Object.assign(counts, now));
  return {
    ...{ devices, training, train, counts },
    /** A run of a researcher, as a candidate's. */
    ask: (by: string) => void inSlot({ devices, by }, never, (slot) => train(by, slot)),
    /** Runs on secret worlds, for a researcher. */
    confirm: (by: string, count: number, perSlot: number, signal = never) => {
      const done: number[] = [];
      const all = Array.from({ length: count }, (_, i) => ({ i }));
      const ended = inSlots({ devices, by, all, perSlot, signal }, async ({ i }, { slot }) => {
        await train(by, slot);
        done.push(i);
      });
      return { done, ended };
    },
  };
}

it('gives a confirming all slots where nobody else waits, and one for each turn where others do', async () => {
  const { training, confirm, ask } = scene(2);
  const { done, ended } = confirm('a', 5, 1);
  await soon();
  expect(training.map(({ by }) => by)).toEqual(['a', 'a']);
  for (const by of ['b', 'b', 'b']) ask(by);
  training[0]?.end();
  await soon();
  expect(training.map(({ by }) => by)).toEqual(['a', 'b']);
  training[1]?.end();
  await soon();
  expect(training.map(({ by }) => by)).toEqual(['a', 'a']);
  await endAll(training);
  await ended;
  expect(done.sort()).toEqual([0, 1, 2, 3, 4]);
});

it('fills a single slot with as many as share it, and gives it to whoever waits when they have ended', async () => {
  const { training, confirm, ask } = scene(1);
  const { ended } = confirm('a', 5, 2);
  await soon();
  training[0]?.end();
  await soon();
  // Nobody waits: the slot is filled again.
  expect(training.map(({ by }) => by)).toEqual(['a', 'a']);
  ask('b');
  training[0]?.end();
  await soon();
  expect(training.map(({ by }) => by)).toEqual(['a']);
  training[0]?.end();
  await soon();
  expect(training.map(({ by }) => by)).toEqual(['b']);
  training[0]?.end();
  await soon();
  expect(training.map(({ by }) => by)).toEqual(['a', 'a']);
  await endAll(training);
  await ended;
});

it('leaves the queue when no job is left, when it is stopped, and when one fails', async () => {
  const { training, confirm, ask, counts } = scene(2);
  ask('b');
  const one = confirm('a', 2, 1);
  await soon();
  expect(counts).toEqual({ free: 0, held: 2, waiting: 1 });
  // The last job begins in the slot that came free: no other slot is waited for.
  training.find(({ by }) => by === 'a')?.end();
  await soon();
  expect(counts).toEqual({ free: 0, held: 2, waiting: 0 });
  const stop = new AbortController();
  const stopped = confirm('c', 3, 1, stop.signal);
  await soon();
  expect(counts.waiting).toBe(2);
  stop.abort();
  await stopped.ended;
  expect(stopped.done).toEqual([]);
  training.find(({ by }) => by === 'a')?.end(new Error('broken'));
  await expect(one.ended).rejects.toThrow('broken');
  training[0]?.end();
  await soon();
  expect(counts).toEqual({ free: 2, held: 0, waiting: 0 });
});

const happening = fc.oneof(
  fc.record({ kind: fc.constant('ask' as const), by: fc.constantFrom('a', 'b', 'c', 'd') }),
  fc.record({
    kind: fc.constant('confirm' as const),
    by: fc.constantFrom('a', 'b', 'c'),
    count: fc.integer({ min: 1, max: 7 }),
  }),
  fc.record({ kind: fc.constantFrom('end' as const, 'end' as const, 'stop' as const), nth: fc.nat(30) }),
);

it('no researcher starves another, whatever runs and confirmings they ask for', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 4 }),
      fc.integer({ min: 1, max: 3 }),
      fc.array(happening, { maxLength: 40 }),
      async (size, perSlot, happenings) => {
        const { devices, training, train, counts } = scene(size);
        const stop = new AbortController();
        let asked = 0;
        let begun = 0;
        const ends: Promise<void>[] = [];
        /** Runs of candidates that wait: how often each other was served since its researcher was. */
        const waiting = new Map<number, { by: string; passed: Map<string, number> }>();
        const turn = (by: string) => {
          for (const { by: other, passed } of waiting.values()) {
            if (other === by) passed.clear();
            else passed.set(by, (passed.get(by) ?? 0) + 1);
          }
        };
        const settle = async () => {
          await soon();
          expect(counts.free === 0 || counts.waiting === 0).toBe(true);
          expect(counts.held).toBeLessThanOrEqual(size);
          for (const { passed } of waiting.values())
            expect(Math.max(0, ...passed.values())).toBeLessThanOrEqual(perSlot);
          for (const slot of training.map((run) => run.slot))
            expect(training.filter((run) => run.slot === slot).length).toBeLessThanOrEqual(perSlot);
        };
        for (const what of happenings) {
          if (what.kind === 'ask') {
            const at = asked++;
            waiting.set(at, { by: what.by, passed: new Map() });
            ends.push(
              inSlot({ devices, by: what.by }, stop.signal, (slot) => {
                waiting.delete(at);
                turn(what.by);
                begun++;
                return train(what.by, slot);
              }).then(() => {}),
            );
          } else if (what.kind === 'confirm') {
            const all = Array.from({ length: what.count }, () => ({}));
            asked += what.count;
            const { by } = what;
            ends.push(
              inSlots({ devices, by, all, perSlot, signal: stop.signal }, (_, { slot }) => {
                turn(by);
                begun++;
                return train(by, slot);
              }),
            );
          } else if (what.kind === 'end') training[what.nth % Math.max(1, training.length)]?.end();
          else if (what.nth === 0) stop.abort();
          await settle();
        }
        while (training.length > 0) {
          training[0]?.end();
          await settle();
        }
        await Promise.all(ends);
        expect(counts).toEqual({ free: size, held: 0, waiting: 0 });
        if (!stop.signal.aborted) expect(begun).toBe(asked);
      },
    ),
  );
});
