/** What the SAEs of this folder were evaluated on, by SAELens and by the judge. */
export const WORLD = 'tiny';
export const SAMPLES = 3000;
export const EVALUATION_SEED = 54;
