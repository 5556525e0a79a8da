import type { View } from '../notebook/list.ts';
import { MOST_RUNS } from './compared.ts';

/** The bar that counts the ticked runs and compares them; nothing where none is ticked. */
export function trayHtml({ ticked, comparing }: View): string {
  if (ticked.length === 0) return '';
  const said =
    ticked.length === 1
      ? 'One run is ticked; tick another to compare'
      : `${ticked.length} runs are ticked${ticked.length >= MOST_RUNS ? ', as many as can be compared' : ''}`;
  const few = ticked.length < 2 || comparing ? ' disabled' : '';
  return `<span role="status">${said}</span> <button type="button" class="strong" data-act="compare"${few}>Compare</button> <button type="button" data-act="untick">Untick all</button>`;
}
