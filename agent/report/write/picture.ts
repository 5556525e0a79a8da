import { escaped } from '../document/escaped.ts';
import type { LegendItem, Picture } from '../document/tree.ts';

/** A picture as HTML: a file inside the page, or panels of a plot above their legend. */
export function picture(shown: Picture, alt: string): string {
  if (shown.kind === 'file') {
    return `<img alt="${escaped(alt)}" src="data:${shown.mime};base64,${shown.base64}">`;
  }
  const legend =
    shown.legend.length > 0 ? `<div class="legend">${shown.legend.map(legendItem).join('')}</div>` : '';
  // The style sheet shows one of two forms, by the width of the screen.
  const forms = shown.phone
    ? panels(shown.panels, alt, 'panels wide') + panels(shown.phone, alt, 'panels phone')
    : panels(shown.panels, alt, 'panels');
  return forms + legend;
}

function panels(svgs: readonly string[], alt: string, name: string): string {
  // A picture is named as a whole: what Vega calls its single marks is no help to a listener.
  const named = svgs.map((svg) =>
    svg
      .replace(/<[a-z][^>]*>/gi, (tag) => tag.replace(/ (?:role|aria-[a-z]+)="[^"]*"/g, ''))
      .replace(/^<svg/, `<svg role="img" aria-label="${escaped(alt)}"`),
  );
  return `<div class="${name}" tabindex="0" role="group" aria-label="${escaped(alt)}">${named.join('')}</div>`;
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
