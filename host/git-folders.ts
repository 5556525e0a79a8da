import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, realpathSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { cleanEnv } from './env.ts';

/**
 * The folders of git's data of a checkout: `.git`, or, where `.git` is a file (a linked worktree, a
 * submodule), the folder that it names and the folder that all worktrees share.
 */
export function gitFolders(root: string): string[] {
  const git = join(root, '.git');
  if (!existsSync(git)) return [];
  if (statSync(git).isDirectory()) return [realpathSync(git)];
  const named = readFileSync(git, 'utf8').replace(/^gitdir: /, '');
  const own = resolve(root, named.trim());
  const common = join(own, 'commondir');
  const folders = existsSync(common) ? [own, resolve(own, readFileSync(common, 'utf8').trim())] : [own];
  return folders.filter((folder) => existsSync(folder)).map((folder) => realpathSync(folder));
}

/** The object folders that a clone borrows from (`git clone --shared`), and those that they borrow from. */
export function borrowedObjects(root: string): string[] {
  const found = new Set<string>();
  const look = (objects: string) => {
    const list = join(objects, 'info', 'alternates');
    if (!existsSync(list)) return;
    for (const line of readFileSync(list, 'utf8').split('\n')) {
      const named = resolve(objects, line.trim());
      if (line.trim() === '' || line.startsWith('#') || !existsSync(named)) continue;
      const folder = realpathSync(named);
      if (found.has(folder)) continue;
      found.add(folder);
      look(folder);
    }
  };
  for (const folder of gitFolders(root)) look(join(folder, 'objects'));
  return [...found];
}

/**
 * The configuration and credential files of a repository and of its submodules. `folder` is git's own folder.
 */
export function gitConfigs(folder: string): string[] {
  const names = ['config', 'config.worktree', 'credentials'].map((name) => join(folder, name));
  return [...names.filter((path) => existsSync(path)), ...modulesOf(folder).flatMap(gitConfigs)];
}

/** The git folders of the submodules, at any depth: a submodule's name may contain slashes. */
function modulesOf(folder: string): string[] {
  const below = (at: string): string[] => {
    if (existsSync(join(at, 'HEAD'))) return [at];
    const entries = readdirSync(at, { withFileTypes: true });
    return entries.flatMap((entry) => (entry.isDirectory() ? below(join(at, entry.name)) : []));
  };
  const modules = join(folder, 'modules');
  return existsSync(modules) ? below(modules) : [];
}

/**
 * The part of a repository's configuration without which git cannot read the repository: the hash function
 * and the store of references. The sandbox hides the rest. Empty for a repository of the default format.
 */
export function formatOf(config: string): string {
  const text = existsSync(config) ? readFileSync(config, 'utf8') : '';
  if (!/^\s*repositoryformatversion\s*=\s*1\s*$/im.test(text)) return '';
  const ask = ['config', '--file', config, '--get-regexp', '^extensions\\.[a-z]+$'];
  try {
    const lines = execFileSync('git', ask, {
      encoding: 'utf8',
      env: cleanEnv(),
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    const extensions = lines
      .trim()
      .split('\n')
      .map((line) => line.replace(/^extensions\.(\S+) ?/, '\t$1 = '));
    return `[core]\n\trepositoryformatversion = 1\n[extensions]\n${extensions.join('\n')}\n`;
  } catch {
    return '';
  }
}
