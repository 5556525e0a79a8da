import fc from 'fast-check';
import { expect, it } from 'vitest';
import { DevicePool, type Slot, type Turn } from './pool.ts';

const slots = (...devices: string[]): Slot[] => devices.map((device) => ({ device }));
/** Who has a slot, in the order of the turns. */
const served = async (...turns: Turn[]) =>
  Promise.all(turns.map((turn) => Promise.race([turn.slot, Promise.resolve('waits')])));

it('gives a free slot in the same step, on the device with the fewest runs, and tells who waits', async () => {
  const pool = new DevicePool(slots('0', '0', '1'));
  const turns = ['a', 'a', 'a', 'a'].map((by) => pool.ask(by));
  expect(turns.map(({ waits }) => waits)).toEqual([false, false, false, true]);
  const given = await served(...turns);
  expect(given.map((slot) => (slot === 'waits' ? slot : (slot as Slot).device))).toEqual([
    '0',
    '1',
    '0',
    'waits',
  ]);
});

it('goes round among the researchers: who asks for many waits for the others', async () => {
  const pool = new DevicePool(slots('0'));
  const order: string[] = [];
  const ask = (by: string) => {
    const turn = pool.ask(by);
    void turn.slot.then((slot) => {
      order.push(by);
      if (slot) pool.release(slot);
    });
  };
  for (const by of ['a', 'a', 'a', 'a', 'b', 'c', 'b']) ask(by);
  await new Promise((resolve) => setImmediate(resolve));
  expect(order.join('')).toBe('abcabaa');
});

it('forgets a turn that was withdrawn, and refuses a slot that is given back twice', async () => {
  const pool = new DevicePool(slots('0'));
  const [first, second, third] = [pool.ask('a'), pool.ask('a'), pool.ask('a')];
  second.withdraw();
  first.withdraw();
  const slot = await first.slot;
  expect([slot?.device, await second.slot]).toEqual(['0', null]);
  pool.release(slot as Slot);
  expect((await third.slot)?.device).toBe('0');
  pool.release(slot as Slot);
  expect(() => pool.release(slot as Slot)).toThrow('twice');
  expect(() => new DevicePool([])).toThrow('without a slot');
});

/** What happens to a pool: somebody asks, the run in a slot ends, or a request is withdrawn. */
const happening = fc.oneof(
  fc.record({ kind: fc.constant('ask' as const), by: fc.constantFrom('a', 'b', 'c', 'd') }),
  fc.record({ kind: fc.constantFrom('end' as const, 'withdraw' as const), nth: fc.nat(30) }),
);

it('never has two runs in one slot, no slot idle while a run waits, and nobody waits for more than a round', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 4 }),
      fc.array(happening, { maxLength: 60 }),
      async (size, happenings) => {
        const pool = new DevicePool(Array.from({ length: size }, (_, i) => ({ device: String(i) })));
        const waiting: { by: string; turn: Turn; passed: Map<string, number> }[] = [];
        const held: Slot[] = [];
        const settle = async () => {
          for (const one of [...waiting]) {
            const got = await Promise.race([one.turn.slot, Promise.resolve('waits' as const)]);
            if (got === 'waits') continue;
            waiting.splice(waiting.indexOf(one), 1);
            if (got === null) continue;
            expect(held).not.toContain(got);
            held.push(got);
            // Since it was asked for, another researcher was served before the oldest request of this one.
            for (const other of waiting)
              if (waiting.find(({ by }) => by === other.by) === other && other.by !== one.by)
                other.passed.set(one.by, (other.passed.get(one.by) ?? 0) + 1);
          }
        };
        for (const what of happenings) {
          if (what.kind === 'ask') waiting.push({ by: what.by, turn: pool.ask(what.by), passed: new Map() });
          else if (what.kind === 'end' && held.length > 0)
            pool.release(held.splice(what.nth % held.length, 1)[0] as Slot);
          else if (what.kind === 'withdraw') waiting[what.nth % Math.max(1, waiting.length)]?.turn.withdraw();
          await settle();
          expect(held.length).toBe(Math.min(size, held.length + waiting.length));
          for (const { passed } of waiting) expect(Math.max(0, ...passed.values())).toBeLessThanOrEqual(1);
        }
      },
    ),
  );
});

it('has other slots from now on: a run keeps its own, and no more train than there are slots', async () => {
  const pool = new DevicePool(slots('0', '1'));
  const [first, second] = await Promise.all([pool.ask('a').slot, pool.ask('a').slot]);
  expect(pool.become(slots('0', '1'))).toBe(false);
  expect(pool.become(slots('0', '7'))).toBe(true);
  const third = pool.ask('b');
  expect([pool.size, third.waits]).toEqual([2, true]);
  pool.release(second as Slot);
  expect((await third.slot)?.device).toBe('7');
  expect(pool.become(slots('0', '7', '7'))).toBe(true);
  expect((await pool.ask('b').slot)?.device).toBe('7');
  expect(pool.become(slots('0'))).toBe(true);
  const last = pool.ask('c');
  pool.release(first as Slot);
  expect(last.waits && (await Promise.race([last.slot, 'waits']))).toBe('waits');
  pool.release((await third.slot) as Slot);
  expect(() => pool.become([])).toThrow('without a slot');
});
