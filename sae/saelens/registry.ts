import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** What SAELens has: names and fields alone. */
export interface Registry {
  /** The release that it was read from. */
  version: string;
  /** Fields that every SAE has. */
  common: string[];
  /** Fields that say where the activations come from. */
  origin: string[];
  /** Own fields of what `SAE.load_from_disk` loads, by architecture. */
  inference: Record<string, string[]>;
  /** The same of `TrainingSAE.load_from_disk`: SAEs saved to be trained on. */
  training: Record<string, string[]>;
}

/** The file is printed by testing/saelens/registry.py; tests hold it to an installed SAELens, and to the source in its wheel, as CI has it. */
export const registry: Registry = JSON.parse(
  readFileSync(join(import.meta.dirname, 'registry.json'), 'utf8'),
) as Registry;
