import { join } from 'node:path';
import { expect, it } from 'vitest';
import { emptyFolder } from '../fixtures/repo.ts';
import { roomTrouble } from './room.ts';

it('has room where the folder of a run was taken away: the run ends by that, and not the loop', () => {
  const folder = emptyFolder();
  expect(roomTrouble(folder, 1e9)).toBeNull();
  expect(roomTrouble(join(folder, 'gone'), 1e9)).toBeNull();
});
