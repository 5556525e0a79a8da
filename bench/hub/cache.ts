import { join } from 'node:path';
import { expanded, homeFolders } from '#host/home';

/** Hugging Face's own folder: HF_HOME, else huggingface/ in XDG_CACHE_HOME or ~/.cache. */
export function hubHome(env: NodeJS.ProcessEnv = process.env): string {
  if (env.HF_HOME) return expanded(env.HF_HOME, env);
  const cache = env.XDG_CACHE_HOME ? expanded(env.XDG_CACHE_HOME, env) : null;
  return join(cache ?? join(homeFolders()[0] ?? '/', '.cache'), 'huggingface');
}

/**
 * The Hugging Face cache that Python's huggingface_hub uses: HF_HUB_CACHE (formerly HUGGINGFACE_HUB_CACHE),
 * else hub/ in `hubHome`. The hub's library has the same function; this copy avoids loading the library
 * only to look for a world.
 */
export function hubCache(env: NodeJS.ProcessEnv = process.env): string {
  const named = env.HF_HUB_CACHE || env.HUGGINGFACE_HUB_CACHE;
  return named ? expanded(named, env) : join(hubHome(env), 'hub');
}

/**
 * Folder of a model repository in the cache. It holds blobs/<etag>, and snapshots/<commit>/<file> that link
 * to them.
 */
export function modelDir(cache: string, repo: string): string {
  return join(cache, `models--${repo.replace('/', '--')}`);
}

export function snapshotDir(cache: string, { repo, revision }: { repo: string; revision: string }): string {
  return join(modelDir(cache, repo), 'snapshots', revision);
}
