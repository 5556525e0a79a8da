import type { NotebookIndex } from '../notebook/model.ts';
import { runsCsv, sprintsCsv } from './csv.ts';
import { openSprint } from './open.ts';

/** The files that the page can give: how they are called, and what makes them. */
const files = {
  'sprints.csv': async (index: NotebookIndex) => sprintsCsv(index),
  'runs.csv': async (index: NotebookIndex) => runsCsv(index),
  'notebook.json': async (index: NotebookIndex) =>
    JSON.stringify({ ...index, details: await Promise.all(index.sprints.map(({ id }) => openSprint(id))) }),
} satisfies Record<string, (index: NotebookIndex) => Promise<string>>;

const isFile = (name: string): name is keyof typeof files => Object.hasOwn(files, name);

/** Saves one of the files as the browser saves any download. */
export async function save(name: string, index: NotebookIndex): Promise<void> {
  if (!isFile(name)) return;
  const type = name.endsWith('.csv') ? 'text/csv' : 'application/json';
  const href = URL.createObjectURL(new Blob([await files[name](index)], { type }));
  const link = document.createElement('a');
  link.href = href;
  link.download = name;
  link.click();
  URL.revokeObjectURL(href);
}

/** Links to the files, as buttons. */
export const saveButtons = (): string =>
  Object.keys(files)
    .map((name) => `<button type="button" data-act="save" data-file="${name}">${name}</button>`)
    .join(' ');
