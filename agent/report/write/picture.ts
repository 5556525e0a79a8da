import { escaped } from '../document/escaped.ts';
import type { LegendItem, Picture } from '../document/tree.ts';

/** A picture as HTML: a file inside the page, or panels of a plot above their legend. */
export function picture(shown: Picture, alt: string): string {
  if (shown.kind === 'file') {
    return `<img alt="${escaped(alt)}" src="data:${shown.mime};base64,${shown.base64}">`;
  }
  // A picture is named as a whole: what Vega calls its single marks is no help to a listener.
  const panels = shown.panels.map((svg) =>
    svg
      .replace(/<[a-z][^>]*>/gi, (tag) => tag.replace(/ (?:role|aria-[a-z]+)="[^"]*"/g, ''))
      .replace(/^<svg/, `<svg role="img" aria-label="${escaped(alt)}"`),
  );
  const legend =
    shown.legend.length > 0 ? `<div class="legend">${shown.legend.map(legendItem).join('')}</div>` : '';
  return `<div class="panels" tabindex="0" role="group" aria-label="${escaped(alt)}">${panels.join('')}</div>${legend}`;
}

function legendItem({ label, colour, mark }: LegendItem): string {
  const sign =
    mark === 'band'
      ? `<rect width="18" height="10" fill="${escaped(colour)}"/>`
      : mark === 'dot'
        ? `<circle cx="8" cy="5" r="4" fill="${escaped(colour)}"/>`
        : `<path d="M1 5h16" stroke="${escaped(colour)}" stroke-width="2.5"${mark === 'dash' ? ' stroke-dasharray="4 3"' : ''}/>`;
  return `<span><svg width="18" height="10">${sign}</svg>${escaped(label)}</span>`;
}
