import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { expect, it } from 'vitest';
import { root } from './import-graph.ts';

const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
  scripts: Record<string, string>;
};

/** What of a good answer to --help is missing: it starts with how to call the script, and starts nothing. */
async function lacks(name: string): Promise<string[]> {
  const args = ['run', '--silent', name, '--', '--help'];
  const { exitCode, stdout, stderr } = await execa('npm', args, {
    cwd: root,
    reject: false,
    stdin: 'ignore',
  });
  const wanted: Record<string, boolean> = {
    'exit code 0': exitCode === 0,
    'no word on standard error': stderr === '',
    'its call in the first line': stdout.startsWith(`Usage: npm run ${name} -- `),
    'what it does after that': /^.*\n\n[A-Z]/.test(stdout),
    'its options': /^Options:$/m.test(stdout),
    'an example': new RegExp(`^Examples?:$[^]*npm run (-s )?${name}\\b`, 'm').test(stdout),
  };
  return Object.keys(wanted).filter((what) => !wanted[what]);
}

it('every script of package.json answers --help: what it is, its options and an example', async () => {
  const waiting = Object.keys(scripts);
  expect(waiting.length).toBeGreaterThan(50);
  const found: Record<string, string[]> = {};
  const next = async (): Promise<void> => {
    for (let name = waiting.shift(); name; name = waiting.shift()) found[name] = await lacks(name);
  };
  await Promise.all([next(), next()]);
  expect(Object.entries(found).filter(([, missing]) => missing.length > 0)).toEqual([]);
});
