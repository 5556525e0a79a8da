import type { NotebookIndex, SprintDetail } from '../notebook/model.ts';

/** Opens what an element of the page holds: JSON, gzipped, in base64. Null where there is no such element. */
async function opened(id: string): Promise<unknown> {
  const pack = document.getElementById(id)?.textContent;
  if (!pack) return null;
  const bytes = Uint8Array.from(atob(pack.trim()), (letter) => letter.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream('gzip'));
  return new Response(stream).json();
}

/** What the page needs at once. */
export const openIndex = async (): Promise<NotebookIndex | null> =>
  (await opened('index')) as NotebookIndex | null;

const details = new Map<string, Promise<SprintDetail | null>>();

/** All about one sprint, opened when it is looked at. */
export function openSprint(id: string): Promise<SprintDetail | null> {
  const known = details.get(id) ?? (opened(`sprint:${id}`) as Promise<SprintDetail | null>);
  details.set(id, known);
  return known;
}
