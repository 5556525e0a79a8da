import { expect, it } from 'vitest';
import { withOurFonts } from './svg-fonts.ts';

it.each([
  [
    '<svg><text font-family="DejaVu Sans, sans-serif">',
    '<svg font-family="Source Sans 3"><text font-family="Source Sans 3">',
  ],
  [`<svg font-family='Arial'>`, '<svg font-family="Source Sans 3">'],
  [
    `<svg font-family="x"><text style="font: 12px 'DejaVu Sans', 'Arial'; fill: red">`,
    `<svg font-family="Source Sans 3"><text style="font: 12px 'Source Sans 3'; fill: red">`,
  ],
  [
    '<svg font-family="x"><style>text{font-family:monospace;fill:red}</style>',
    `<svg font-family="Source Sans 3"><style>text{font-family: 'JetBrains Mono';fill:red}</style>`,
  ],
])('names our fonts in %s', (svg, named) => {
  expect(withOurFonts(svg)).toBe(named);
});
