import { homedir } from 'node:os';
import { join } from 'node:path';
import pinned from './wheels.json' with { type: 'json' };

/** The two backends that compute with TensorFlow's library: on the CPU, and on NVIDIA's GPUs. */
export type TensorflowBackend = 'node' | 'node-gpu';

/** A Python wheel of a known content: nothing else than that content is ever unpacked. `size` in bytes. */
export interface Wheel {
  name: string;
  version: string;
  file: string;
  size: number;
  sha256: string;
}

/** The wheels that hold the library of a backend; null where none are made for the system. */
export function wheelsOf(
  backend: TensorflowBackend,
  system: string = `${process.platform}-${process.arch}`,
): readonly Wheel[] | null {
  return (pinned as Record<string, Partial<Record<TensorflowBackend, Wheel[]>>>)[system]?.[backend] ?? null;
}

/** Where downloaded wheels are kept. All checkouts of a user share them, and "npm ci" leaves them. */
export function wheelCache(env: NodeJS.ProcessEnv = process.env): string {
  return join(env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'sae-research-loop', 'wheels');
}

/** "1.2 GB", "274 MB". */
export function inBytes(bytes: number): string {
  return bytes >= 1e9 ? `${(bytes / 1e9).toFixed(1)} GB` : `${Math.round(bytes / 1e6)} MB`;
}
