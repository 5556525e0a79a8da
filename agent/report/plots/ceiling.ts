import type { Profile } from '#contract/profile';
import { colours } from './theme.ts';

/** The words beside the dashed line. */
export function ceilingText(ceiling: NonNullable<Profile['ceiling']>): string {
  return `${ceiling.label}: ${ceiling.value}`;
}

/**
 * The layers of the ceiling: a dashed line across the panel, with its name and value above the left end.
 * `scale` is the panel's y scale.
 */
export function ceilingLayers(ceiling: NonNullable<Profile['ceiling']>, scale: object): object[] {
  const data = { values: [{ value: ceiling.value, text: ceilingText(ceiling) }] };
  const y = { field: 'value', type: 'quantitative', scale };
  return [
    {
      data,
      mark: { type: 'rule', strokeDash: [6, 4], color: colours.red, strokeWidth: 1.3 },
      encoding: { y },
    },
    {
      data,
      mark: {
        type: 'text',
        clip: true,
        align: 'left',
        baseline: 'bottom',
        dx: 2,
        dy: -3,
        color: colours.red,
      },
      encoding: { y, x: { value: 2 }, text: { field: 'text' } },
    },
  ];
}
