import type { Design, Rest } from '../logistic.ts';

/** A design of dense rows; those without a feature that is not 0 are in `rest`. */
export function designed(
  x: readonly (readonly number[])[],
  label: readonly number[],
): { design: Design; rest: Rest } {
  const firing = x
    .map((row, at) => ({ row, label: label[at] }))
    .filter(({ row }) => row.some((value) => value !== 0));
  const cells = firing.map(({ row }) =>
    row.flatMap((value, feature) => (value === 0 ? [] : [{ value, feature }])),
  );
  const offsets = new Uint32Array(firing.length + 1);
  cells.forEach((row, at) => {
    offsets[at + 1] = offsets[at] + row.length;
  });
  const resting = label.filter((_, at) => x[at].every((value) => value === 0));
  const positives = resting.reduce((a, b) => a + b, 0);
  return {
    design: {
      offsets,
      features: Uint8Array.from(cells.flat(), ({ feature }) => feature),
      values: Float64Array.from(cells.flat(), ({ value }) => value),
      positive: Uint8Array.from(firing, (each) => each.label),
    },
    rest: { positives, negatives: resting.length - positives },
  };
}
