import { spawnSync } from 'node:child_process';
import { expect, it } from 'vitest';
import { catchDeviceEvents, waitWhile } from './events.ts';

/** A function that looks like one of a native addon, as Dawn's callbacks are. */
function native(run: () => void): () => void {
  function callback() {
    run();
  }
  return new Proxy(callback, {});
}

it('runs what a device has put off for whoever waits, once, and the rest in its turn', async () => {
  catchDeviceEvents();
  const ran: string[] = [];
  setImmediate(native(() => ran.push('first')));
  waitWhile(() => ran.length < 1);
  expect(ran).toEqual(['first']);
  setImmediate(native(() => ran.push('second')));
  setImmediate((word) => ran.push(word), 'ordinary');
  await new Promise((resolve) => setImmediate(resolve));
  await new Promise((resolve) => setImmediate(resolve));
  expect(ran).toEqual(['first', 'second', 'ordinary']);
});

it('does not wait for a device that has nothing more to say', () => {
  catchDeviceEvents();
  expect(() => waitWhile(() => true)).toThrow('the device does not answer');
});

it('lets a process end that only a device keeps, and none that waits for its own turn', () => {
  const program = `
    import { catchDeviceEvents, letProcessEnd } from ${JSON.stringify(import.meta.resolve('./events.ts'))};
    catchDeviceEvents();
    letProcessEnd();
    for (let i = 0; i < 20; i++) await new Promise((resolve) => setImmediate(resolve));
    const look = new Proxy(function () { setImmediate(look); }, {});
    setImmediate(look);
    process.stdout.write('had its turns');`;
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    ['--import', 'tsx', '--input-type=module', '-e', program],
    { encoding: 'utf8', timeout: 120_000 },
  );
  expect([stderr, stdout, status]).toEqual(['', 'had its turns', 0]);
});
