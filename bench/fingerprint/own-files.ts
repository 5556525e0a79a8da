import { realpathSync, statSync } from 'node:fs';
import { join, sep } from 'node:path';
import type { Plugin, TsconfigRaw } from 'esbuild';

/** The folders of the repository that code of the workspace and of the judge imports from. */
const FOLDERS = ['bench', 'contract', 'engine', 'host', 'sae'];
/** A larger file is none that a person wrote. */
const MAX_BYTES = 4 << 20;

/**
 * Has esbuild, which runs outside the sandbox, read plain files of the tree and of our folders alone. The
 * imports of a tree are its author's words: others lead to devices without an end, or to secrets of which an
 * error would quote a part.
 */
export function ownFiles({ repo, treeDir }: { repo: string; treeDir: string }): Plugin {
  const places = [treeDir, ...FOLDERS.map((name) => join(repo, name))].flatMap((path) => {
    const real = statSync(path, { throwIfNoEntry: false }) && realpathSync(path);
    return real ? [real + sep] : [];
  });
  return {
    name: 'own-files',
    setup({ onLoad }) {
      onLoad({ filter: /.*/, namespace: 'file' }, ({ path }) => {
        const real = realpathSync(path);
        const stat = statSync(real);
        const own = places.some((place) => real.startsWith(place));
        if (own && stat.isFile() && stat.size <= MAX_BYTES) return null;
        return { errors: [{ text: 'imports what is no file of the workspace, the engine or the formats' }] };
      });
    },
  };
}

/** Stands in for every tsconfig.json that esbuild would find: one in the tree can name any file. */
export const tsconfigRaw: TsconfigRaw = { compilerOptions: { verbatimModuleSyntax: true } };
