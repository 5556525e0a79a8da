import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Names and fields of SAELens' architectures. */
export interface Registry {
  /** The release that it was read from. */
  version: string;
  /** Fields that every SAE has. */
  common: string[];
  /** Fields that say where the activations come from. */
  origin: string[];
  /** Own fields of what `SAE.load_from_disk` loads, by architecture. */
  inference: Record<string, string[]>;
  /** The same for `TrainingSAE.load_from_disk`: SAEs that were saved for more training. */
  training: Record<string, string[]>;
}

/**
 * The file is made by testing/saelens/registry.py. Tests compare it with an installed SAELens, and with the
 * source in its wheel, which CI has.
 */
export const registry: Registry = JSON.parse(
  readFileSync(join(import.meta.dirname, 'registry.json'), 'utf8'),
) as Registry;
