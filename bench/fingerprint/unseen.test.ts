import { describe, expect, it } from 'vitest';
import { isPlain, unseenIn } from './unseen.ts';

describe('what a bundle does not show', () => {
  it.each([
    'import(name)',
    'import(`./a.ts`)',
    'require("x")',
    'import{createRequire}from"node:module"',
    'import{readFileSync}from"node:fs"',
    'import{existsSync,readFileSync as a}from"fs"',
    'import*as fs from"node:fs"',
    'import fs from"node:fs"',
    'export*from"node:fs/promises"',
    'import{spawn}from"node:child_process"',
    'import{Worker}from"node:worker_threads"',
    'eval("x")',
    'new Function("x")',
    'fetch("x")',
  ])('%s', (code) => expect(unseenIn(code)).not.toBeNull());

  it.each([
    'import{a}from"./a.ts";a()',
    'await import("./a.ts")',
    'import{existsSync,writeFileSync as put}from"node:fs"',
    'import{join}from"node:path"',
    'import*as tf from"@tensorflow/tfjs-core"',
  ])('and what it does: %s', (code) => expect(unseenIn(code)).toBeNull());

  it('code is plain where it sees nothing of its process', () => {
    expect(isPlain('export const a=[1/3].map(x=>x*2)')).toBe(true);
    for (const code of ['process.env.K', 'Math.random()', 'new Date', 'import.meta.url', 'globalThis.a'])
      expect(isPlain(code), code).toBe(false);
  });
});
