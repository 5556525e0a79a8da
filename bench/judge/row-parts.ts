import type { Group, Verdict } from '#contract/verdict';
import type { Probe } from '../probing/probe.ts';
import { meansOf, type RowsMeasurement } from './rows.ts';

/** How many labels a verdict names. */
const NAMED = 10;
const RATE_EDGES = [0, 0.001, 0.003, 0.01, 0.03, 0.1, 1];

/** Where the numbers of a verdict come from, for people: labels by kind and rate, and the worst of them. */
export function rowPartsOf({ probes, probed, samples }: RowsMeasurement): Pick<Verdict, 'groups' | 'tables'> {
  const kindOf = ({ name }: Probe): string => probed.kindOf.get(name) ?? '';
  const kinds = [...new Set(probes.map(kindOf))];
  const rateOf = ({ fitted, tested }: Probe): number => (fitted + tested) / samples;
  return {
    groups: {
      'kind of label': kinds.map((kind) =>
        groupOf(
          kind,
          probes.filter((probe) => kindOf(probe) === kind),
        ),
      ),
      'share of rows that have the label': RATE_EDGES.slice(1).flatMap((high, at) => {
        const low = RATE_EDGES[at];
        const own = probes.filter((probe) => rateOf(probe) >= low && (rateOf(probe) < high || high === 1));
        const name = `${Number((100 * low).toPrecision(2))} to ${Number((100 * high).toPrecision(2))} %`;
        return own.length > 0 ? [groupOf(name, own)] : [];
      }),
    },
    tables: [
      {
        name: 'labels with the lowest probe_f1',
        columns: ['label', 'rows', 'latent', 'probe_f1', 'probe_f1_cut', 'probe_f1_16'],
        rows: [...probes]
          .sort((a, b) => a.single - b.single || (a.name < b.name ? -1 : 1))
          .slice(0, NAMED)
          .map(({ name, fitted, tested, latent, single, cut, several }) => [
            ...[name, fitted + tested, latent < 0 ? '-' : String(latent)],
            ...[single, cut, several].map((value) => Number(value.toFixed(3))),
          ]),
      },
    ],
  };
}

const groupOf = (name: string, own: readonly Probe[]): Group => ({
  ...{ name, count: own.length, metrics: meansOf(own) },
});
