import { expect, it } from 'vitest';
import { drawnByOf } from './drawn-by.ts';

it('a data service names the device that draws with its counts, the processor not at all', () => {
  const line = (served: object) => `${JSON.stringify({ served })}\n`;
  expect(drawnByOf(`{"warning":"x"}\n${line({ rows: 1 })}no JSON\n`)).toBeNull();
  expect(drawnByOf(`${line({ rows: 1, drawnBy: 'a card' })}${line({ rows: 2, drawnBy: 'a card' })}`)).toBe(
    'a card',
  );
});
