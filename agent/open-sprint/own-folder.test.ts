import { existsSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { emptyFolder } from '../fixtures/repo.ts';
import { tidySprintFolder } from './own-folder.ts';

it('takes out every record that only the supervisor writes, and whatever leads elsewhere', () => {
  const dir = emptyFolder();
  mkdirSync(join(dir, 'deep'));
  // By a forged check a best would count as measured again, with the numbers that it names.
  for (const name of ['sprint.json', 'checked.json', 'in-full.json', 'deep/checked.json', 'README.md'])
    writeFileSync(join(dir, name), '{"holds": true}');
  symlinkSync('/etc/passwd', join(dir, 'deep/link'));
  writeFileSync(join(dir, '.gitattributes'), '* filter=x');
  expect(tidySprintFolder(dir).sort()).toEqual([
    ...['.gitattributes', 'checked.json', 'deep/link', 'in-full.json', 'sprint.json'],
  ]);
  expect(readdirSync(dir).sort()).toEqual(['README.md', 'deep']);
  // No reader looks for a record below the folder of a sprint.
  expect(existsSync(join(dir, 'deep/checked.json'))).toBe(true);
});
