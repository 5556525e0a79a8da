import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { ownPlace } from './own-place.ts';

const folder = () => mkdtempSync(join(tmpdir(), 'place-'));
/** The folder of a job in a checkout. */
function jobIn(checkout: string, name: string): string {
  const dir = join(checkout, 'state/confirming', name);
  mkdirSync(dir, { recursive: true });
  return dir;
}

it('removes what killed jobs of the same checkout left on the node, and nothing else', () => {
  const [node, checkout, other] = [folder(), folder(), folder()];
  const begin = (dir: string) => {
    const place = ownPlace(dir, node);
    writeFileSync(join(place, 'trainer.log'), 'rows');
    return place;
  };
  const [over, lives] = [jobIn(checkout, 'loop-aa'), jobIn(checkout, 'loop-bb')];
  const killed = begin(over);
  const trains = begin(lives);
  const elsewhere = jobIn(other, 'loop-cc');
  const ofOther = begin(elsewhere);
  for (const dir of [over, elsewhere]) rmSync(dir, { recursive: true });
  mkdirSync(join(node, 'confirm-of-somebody'));

  const again = begin(jobIn(checkout, 'loop-dd'));
  expect([killed, trains, ofOther, again].map(existsSync)).toEqual([false, true, true, true]);
  expect(readdirSync(node)).toContain('confirm-of-somebody');
  // The second start of a job takes the place of its first one.
  const second = begin(lives);
  expect([trains, again, second].map(existsSync)).toEqual([false, true, true]);
});
