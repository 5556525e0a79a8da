import type { Judgement } from './judged.ts';
import { onOurDisk } from './own-fault.ts';
import { rowPartsOf } from './row-parts.ts';
import { type RowsCase, rowMetricsOf } from './rows.ts';
import type { CaseOptions } from './subject.ts';

export { openRowsCase } from './rows.ts';

/** How something is judged on rows that are held out. */
export function ofRows(
  { subject, world, isSecret, measure }: RowsCase,
  { mayBeBest = () => true }: CaseOptions,
): Judgement {
  const { profile, folder } = subject;
  const name = isSecret ? `${profile.world}, secret part` : world.name;
  return {
    world: { name, hash: world.hash, kind: isSecret ? 'secret' : 'rows' },
    async judge(samples) {
      const measurement = await onOurDisk(() =>
        measure('checkpoint.safetensors', samples, {
          invariance: true,
          ...(!isSecret && folder !== null && { remarks: (m) => mayBeBest(rowMetricsOf(m).deciding) }),
        }),
      );
      const { deciding, also } = rowMetricsOf(measurement);
      const { remarks, samples: measured, width } = measurement;
      const parts = isSecret || folder === null ? {} : rowPartsOf(measurement);
      return {
        ...{ metrics: deciding, also, ...parts, ...(remarks && { remarks }) },
        ...{ samples: measured, width },
      };
    },
    snapshots: (asked) =>
      async function* (files) {
        for (const file of files) {
          const measurement = await measure(file, asked);
          yield { metrics: rowMetricsOf(measurement).deciding, samples: measurement.samples };
        }
      },
  };
}
