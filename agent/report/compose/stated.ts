import { join } from 'node:path';
import { TrainResult } from '#contract/run';
import type { SprintRun } from '#contract/sprint';
import { readUntrusted } from '#host/untrusted';
import { inRun } from '../../common/paths.ts';
import { flat } from '../../ledger/flat.ts';
import type { RunSettings } from '../document/side-by-side.ts';

const MOST_RESULT = 256_000;

/**
 * What a run was made with: the settings that its trainer states it used, and what was asked of it beyond
 * them. Where the trainer stated none, the profile's settings and what was changed for this run.
 */
export function settingsOf(run: SprintRun, runsDir: string | undefined): RunSettings {
  const stated = run.config ?? statedIn(run.id, runsDir);
  const { experiment, samples, seed, from, backend } = run;
  const asked = {
    ...{ experiment, samples, seed },
    ...(from !== undefined && { 'started from': from }),
    ...(backend !== null && { backend }),
    ...flat(run.profileSettings ?? {}),
    ...run.settings,
  };
  const values = Object.entries({ ...asked, ...stated }).map(([key, value]) => [key, String(value)]);
  return { values: Object.fromEntries(values), stated: stated !== null };
}

/** Records of earlier versions do not have them: the folder of the run may. */
function statedIn(id: string, runsDir: string | undefined): ReturnType<typeof flat> | null {
  const text = runsDir === undefined ? null : readUntrusted(inRun(join(runsDir, id)).result, MOST_RESULT);
  if (text === null) return null;
  try {
    const { config, architecture } = TrainResult.parse(JSON.parse(text));
    return flat({ ...(architecture !== undefined && { architecture }), ...config });
  } catch {
    return null;
  }
}
