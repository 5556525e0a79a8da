import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * A machine, described by its files; `root` is "/" except in tests. Nothing is executed, so a broken driver
 * cannot block the process.
 */
export interface System {
  root: string;
  env: Readonly<Record<string, string | undefined>>;
  platform: NodeJS.Platform;
  arch: string;
}

export const thisSystem: System = {
  root: '/',
  env: process.env,
  platform: process.platform,
  arch: process.arch,
};

/** Version of NVIDIA's kernel driver and the cards it has; null where it is not loaded. */
export function nvidiaDriver({ root }: System): { version: string; cards: string[] } | null {
  const folder = join(root, 'proc/driver/nvidia');
  const text = contents(join(folder, 'version'));
  if (text === null) return null;
  const version = /Kernel Module.*?\s(\d+\.[\d.]+)\s/.exec(text)?.[1] ?? 'of unknown version';
  const cards = names(join(folder, 'gpus')).map((id) => {
    const about = contents(join(folder, 'gpus', id, 'information')) ?? '';
    return /^Model:\s*(.+)$/m.exec(about)?.[1] ?? 'an NVIDIA GPU';
  });
  return { version, cards };
}

/** Those of the `wanted` libraries that the loader would not find. */
export function missingLibraries(system: System, wanted: readonly string[]): string[] {
  const folders = libraryFolders(system);
  return wanted.filter((name) => !folders.some((folder) => existsSync(join(folder, name))));
}

/**
 * Names of Vulkan's driver files (ICDs) that the loader would read, such as "lvp_icd.x86_64.json" of Mesa's
 * software driver.
 */
export function vulkanDrivers({ root, env }: System): string[] {
  const chosen = env.VK_DRIVER_FILES ?? env.VK_ICD_FILENAMES;
  if (chosen) return chosen.split(':').filter((path) => existsSync(join(root, path)));
  return ['etc/vulkan/icd.d', 'usr/share/vulkan/icd.d', 'usr/local/share/vulkan/icd.d']
    .flatMap((folder) => names(join(root, folder)))
    .filter((name) => name.endsWith('.json'));
}

/** The folders that the loader searches: LD_LIBRARY_PATH, ld.so.conf, and its default ones. */
function libraryFolders({ root, env }: System): string[] {
  const conf = [
    'etc/ld.so.conf',
    ...names(join(root, 'etc/ld.so.conf.d')).map((n) => `etc/ld.so.conf.d/${n}`),
  ];
  const configured = conf
    .flatMap((path) => (contents(join(root, path)) ?? '').split('\n'))
    .map((line) => line.trim())
    .filter((line) => line.startsWith('/'));
  const always = ['lib', 'lib64', 'usr/lib', 'usr/lib64', 'lib/x86_64-linux-gnu', 'usr/lib/x86_64-linux-gnu'];
  const arm = ['lib/aarch64-linux-gnu', 'usr/lib/aarch64-linux-gnu'];
  const own = (env.LD_LIBRARY_PATH ?? '').split(':').filter((path) => path !== '');
  return [...own, ...configured, ...always, ...arm].map((folder) => join(root, folder));
}

function contents(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return null;
  }
}

function names(folder: string): string[] {
  try {
    return readdirSync(folder).sort();
  } catch {
    return [];
  }
}
