import { afterEach, expect, it } from 'vitest';
import { clock, zone } from './clock.ts';

const before = process.env.TZ;
afterEach(() => {
  if (before === undefined) delete process.env.TZ;
  else process.env.TZ = before;
});

it.each([
  ['UTC', '2026-01-01T23:30:00Z', '23:30', 'UTC'],
  ['Europe/Berlin', '2026-01-01T23:30:00Z', '00:30', 'UTC+1, names in UTC'],
  ['Europe/Berlin', '2026-07-01T23:30:00Z', '01:30', 'UTC+2, names in UTC'],
  ['Asia/Kolkata', '2026-01-01T23:30:00Z', '05:00', 'UTC+5:30, names in UTC'],
  ['America/St_Johns', '2026-01-01T23:30:00Z', '20:00', 'UTC-3:30, names in UTC'],
])('in %s a time and its zone', (tz, time, shown, where) => {
  process.env.TZ = tz;
  expect([clock(time), zone(time)]).toEqual([shown, where]);
});
