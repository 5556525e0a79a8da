import { expect, it } from 'vitest';
import { isLoopback } from './loopback.ts';

it.each([
  'localhost',
  'LOCALHOST.',
  'api.localhost',
  '127.0.0.1',
  '127.9.8.7',
  '::1',
  '[::1]',
  '[::ffff:7f00:1]',
])('%s is this machine', (host) => expect(isLoopback(host)).toBe(true));

it.each([
  '',
  'localhost.example',
  'notlocalhost',
  '128.0.0.1',
  '10.0.0.1',
  '[::2]',
  'api.anthropic.com',
  '127.example',
])('%s is not', (host) => expect(isLoopback(host)).toBe(false));
