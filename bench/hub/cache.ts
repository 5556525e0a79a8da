import { homedir } from 'node:os';
import { join } from 'node:path';

/**
 * The Hugging Face cache that Python's huggingface_hub uses: HF_HUB_CACHE, else hub/ in HF_HOME, else in
 * XDG_CACHE_HOME/huggingface or ~/.cache/huggingface. (The library has the same; who only looks for a world need not load it.)
 */
export function hubCache(env: NodeJS.ProcessEnv = process.env): string {
  if (env.HF_HUB_CACHE) return env.HF_HUB_CACHE;
  const home = env.HF_HOME || join(env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'huggingface');
  return join(home, 'hub');
}

/** Folder of a model repository in the cache. It holds blobs/<etag> and snapshots/<commit>/<file> that point there. */
export function modelDir(cache: string, repo: string): string {
  return join(cache, `models--${repo.replace('/', '--')}`);
}

export function snapshotDir(cache: string, { repo, revision }: { repo: string; revision: string }): string {
  return join(modelDir(cache, repo), 'snapshots', revision);
}
