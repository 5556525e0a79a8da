import { realpathSync } from 'node:fs';
import { basename, extname, isAbsolute, join, relative } from 'node:path';

/**
 * The file of a sprint's folder that an address of a text means, by its real path; null where there is none.
 * Language models write names as they are, encoded, with the way from the repository, or as absolute paths.
 */
export function findFile(folder: string, href: string): { path: string; name: string } | null {
  const id = basename(folder);
  for (const form of formsOf(href)) {
    // From the repository, or from the root of the machine: the rest is in the folder of the sprint.
    const at = form.lastIndexOf(`sprints/${id}/`);
    const inside = at === -1 ? form : form.slice(at + `sprints/${id}/`.length);
    try {
      const root = realpathSync(folder);
      const path = realpathSync(join(root, inside));
      return { path, name: relative(root, path) };
    } catch {
      // The next form of the name.
    }
  }
  return null;
}

/** The name as it is, decoded, then without a query or fragment: a file may have `%`, `#` or `?` in it. */
function formsOf(href: string): string[] {
  const forms = [href.trim(), href.trim().replaceAll('\\', '/')];
  const bare = forms.map((form) => form.replace(/[?#].*$/s, ''));
  const names = [...forms, ...forms.map(decoded), ...bare, ...bare.map(decoded)];
  return [...new Set(names.flatMap((name) => [name, name.normalize('NFC'), name.normalize('NFD')]))];
}

function decoded(value: string): string {
  try {
    return decodeURIComponent(value);
  } catch {
    return value;
  }
}

/** Kinds of files that a browser shows or saves, and runs nothing of: a page of the researcher's could. */
const LINKED = new Set(
  '.md .txt .log .json .jsonl .yaml .yml .csv .tsv .ts .js .mjs .py .sh .patch .diff .toml .png .jpg .jpeg .gif .pdf .npz .safetensors'.split(
    ' ',
  ),
);

/** Finds the file that a link means: its path from the root of the repository; null for none of ours. */
export type FileFinder = (href: string) => string | null;

/**
 * Finds files of the sprint and of its repository, `<repository>/sprints/<id>`, by their real paths.
 */
export function fileFinder(folder: string): FileFinder {
  const repository = join(folder, '..', '..');
  return (href) => {
    if (/^\s*(?:[a-z][a-z0-9+.-]*:|\/\/|#)/i.test(href)) return null;
    for (const base of [folder, repository]) {
      // A line of a file is not part of its name: `train.ts:12`.
      const found = findFile(base, href) ?? findFile(base, href.replace(/:\d+(?:[-:]\d+)?$/, ''));
      if (found === null) continue;
      try {
        const path = relative(realpathSync(repository), found.path);
        const hidden = path.split('/').some((part) => part.startsWith('.'));
        if (path === '' || path.startsWith('..') || isAbsolute(path) || hidden) continue;
        if (LINKED.has(extname(path).toLowerCase())) return path;
      } catch {
        return null;
      }
    }
    return null;
  };
}
