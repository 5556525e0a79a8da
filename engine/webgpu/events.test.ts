import { expect, it } from 'vitest';
import { catchDeviceEvents, waitWhile } from './events.ts';

/** As a native function looks: Dawn's callbacks are some. */
const native = (run: () => void): (() => void) => run.bind(null);

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
