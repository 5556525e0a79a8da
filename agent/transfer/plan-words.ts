import { count, duration } from '../common/words.ts';

/** What is left to do in one world. */
export interface Left {
  profileName: string;
  missing: number;
  /** How long that takes one after the other; null where no run of the profile tells. */
  seconds: number | null;
}

/** `8 runs · 3 made already · 5 to train, 2 at a time: 5 in profile small, about 1.4 h`. */
export function planWords(all: number, sides: readonly Left[], sideBySide: number): string {
  const missing = sides.reduce((sum, side) => sum + side.missing, 0);
  const each = sides.flatMap(({ profileName, missing: runs, seconds }) => {
    if (runs === 0) return [];
    const long = seconds === null ? 'and no run of it tells how long that takes' : `about ${hours(seconds)}`;
    return [`${runs} in profile ${profileName}, ${long}`];
  });
  const made = missing < all ? ` · ${all - missing} made already` : '';
  const beside = sideBySide > 1 && missing > 0 ? `, ${sideBySide} at a time` : '';
  const list = each.length > 0 ? `: ${each.join('; ')}` : '';
  return `${count(all, 'run')}${made} · ${missing} to train${beside}${list}`;
}

const hours = (seconds: number): string =>
  seconds < 360 ? duration(seconds) : `${Number((seconds / 3600).toPrecision(2))} h`;
