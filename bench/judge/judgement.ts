import { FirstRows } from '../eval/worst.ts';
import { isRowsWorld } from '../worlds.ts';
import { type Case, openCase } from './case.ts';
import type { Judgement, MeasuredSnapshot } from './judged.ts';
import { type Measurement, metricsOf } from './measure.ts';
import { onOurDisk } from './own-fault.ts';
import { partsOf } from './parts.ts';
import type { CaseOptions, Subject } from './subject.ts';
import { Together } from './together.ts';

/**
 * Features up to which snapshots that are there at once are measured by one process of the encoder: its start
 * takes most of the time of a snapshot in a small world, and tables and weights most of the memory in a large
 * one.
 */
const SMALL_WORLD = 4096;
const CHECKPOINT = 'checkpoint.safetensors';

/** Opens the world of a subject, and says how it is judged there. @throws UserError */
export async function judgementOf(subject: Subject, options: CaseOptions): Promise<Judgement> {
  if (!isRowsWorld(subject.world)) return ofDrawn(subject, await openCase(subject, options), options);
  // Loaded here alone: the Arrow library takes a while.
  const { openRowsCase, ofRows } = await import('./rows-judgement.ts');
  return ofRows(await openRowsCase(subject, options), options);
}

function ofDrawn(
  { profile: { world: named }, folder }: Subject,
  opened: Case,
  { mayBeBest = () => true, onApart }: CaseOptions,
): Judgement {
  const { hash, numFeatures } = opened.world.world;
  const isSecret = folder?.run.secretWorld !== undefined;
  return {
    world: isSecret
      ? { name: `${named}, secret`, hash, kind: 'secret' }
      : { name: opened.world.name, hash, kind: 'public' },
    async judge(samples) {
      const first = new FirstRows();
      const measurement = await onOurDisk(() =>
        opened.measure(CHECKPOINT, samples, {
          onBatch: (truth, codes) => first.add(truth, codes),
          invariance: true,
          ...(!isSecret && folder !== null && { remarks: (m) => mayBeBest(metricsOf(m).deciding) }),
        }),
      );
      const { deciding, also } = metricsOf(measurement);
      const parts = isSecret || folder === null ? {} : partsOf(opened, measurement, first);
      const { remarks } = measurement;
      const width = measurement.matching.best.length;
      return { metrics: deciding, also, ...parts, ...(remarks && { remarks }), samples, width };
    },
    snapshots(samples) {
      const of = (measurement: Measurement) => ({ metrics: metricsOf(measurement).deciding, samples });
      const together = new Together<string, MeasuredSnapshot>({
        atOnce:
          numFeatures <= SMALL_WORLD
            ? async (names) => (await opened.measureTogether(names, samples)).map(of)
            : null,
        each: async (name) => of(await opened.measure(name, samples)),
        onFailed: onApart,
      });
      return (names) => together.results(names);
    },
  };
}
