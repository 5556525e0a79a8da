import { describe, expect, it } from 'vitest';
import { chooseBackend, type Tried } from './choice.ts';

/** How a backend behaves: milliseconds of its step, or why it is not taken. */
type Behaviour = number | { missing: string } | { fails: string } | { software: string };

const candidates = {
  names: ['one', 'two', 'processor', 'slow'],
  gpus: ['one', 'two'],
  insteadOf: {},
  processor: 'processor',
};

async function chosen(behaviours: Record<string, Behaviour>, insteadOf: Record<string, string> = {}) {
  const calls: string[] = [];
  let present = '';
  const of = (name: string) => behaviours[name] ?? 1;
  const choice = await chooseBackend<Tried>(
    { ...candidates, insteadOf },
    {
      async missing(name) {
        const behaviour = of(name);
        return typeof behaviour === 'object' && 'missing' in behaviour ? behaviour.missing : null;
      },
      async start(name) {
        present = name;
        calls.push(`start ${name}`);
        const behaviour = of(name);
        if (typeof behaviour === 'object' && 'fails' in behaviour)
          throw new Error(`backend ${behaviour.fails}`);
        const gpu = candidates.gpus.includes(name);
        return typeof behaviour === 'object' && 'software' in behaviour
          ? { gpu: false, notByItself: behaviour.software }
          : { gpu };
      },
      time() {
        calls.push(`time ${present}`);
        return Number(of(present));
      },
    },
  );
  return { ...choice, calls };
}

describe('auto', () => {
  it('takes the processor without timing anything where no GPU runs', async () => {
    const { name, why, calls } = await chosen({
      one: { missing: 'not installed' },
      two: { software: 'its only device is a CPU' },
    });
    expect(name).toBe('processor');
    expect(why).toBe(
      'the first that runs here of one, two, processor, slow; one: not installed; two: its only device is a CPU',
    );
    expect(calls).toEqual(['start two', 'start processor']);
  });

  it('takes the fastest of GPUs and processor, and says the times of all', async () => {
    const { name, why, calls } = await chosen({ one: 30, two: 3, processor: 20 });
    expect([name, why]).toEqual([
      'two',
      'the fastest training step here: one 30.0 ms, two 3.0 ms, processor 20.0 ms',
    ]);
    expect(calls).not.toContain('start slow');
  });

  it('takes the processor where GPUs are slower', async () => {
    const choice = await chosen({
      one: 60,
      two: { fails: 'two failed its golden step: 1 instead of 2' },
      processor: 20,
    });
    expect(choice.name).toBe('processor');
    expect(choice.why).toBe(
      'the fastest training step here: one 60.0 ms, processor 20.0 ms; two failed its golden step: 1 instead of 2',
    );
  });

  it('keeps the first of two that are about as fast', async () => {
    expect((await chosen({ one: 20, two: 18, processor: 17 })).name).toBe('one');
  });

  it('does not start one that is for where another does not run, if that runs', async () => {
    const { why, calls } = await chosen({ one: 20, two: 3, processor: 60 }, { two: 'one' });
    expect(why).toBe(
      'the fastest training step here: one 20.0 ms, processor 60.0 ms; two: not needed where one runs',
    );
    expect(calls).not.toContain('start two');
  });

  it.each<[string, Behaviour]>([
    ['is not here', { missing: 'no library' }],
    ['fails', { fails: 'one failed its golden step' }],
    ['computes on the processor', { software: 'its only device is a CPU' }],
  ])('starts and times it where that other %s', async (_, one) => {
    const { name, calls } = await chosen({ one, two: 3, processor: 60 }, { two: 'one' });
    expect(name).toBe('two');
    expect(calls).toContain('time two');
  });

  it('does not pass over a processor that fails', async () => {
    await expect(chosen({ one: 20, processor: { fails: 'processor failed' } })).rejects.toThrow(
      'processor failed',
    );
    await expect(
      chosen({ one: { fails: 'one' }, two: { fails: 'two' }, processor: { fails: 'x' } }),
    ).rejects.toThrow('x');
  });
});
