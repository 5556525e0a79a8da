/** Differences up to this share of the largest number of a row are rounding: sums in another order. */
const CLOSE = 1e-5;
/** Share of codes that may be there or not: those at a threshold. */
const STRAY = 1e-3;

/** Rows of numbers, [rows × width]. */
export interface Rows {
  data: Float32Array;
  width: number;
}

/** What a run gives for a row in its inference form, and what its form in Python has to give. */
export interface Expected {
  /** The codes; only whether they are 0 counts where the unit of a code is a matter of the form. */
  codes: Rows & { unit: 'same' | 'any' };
  recon: Rows;
}

/**
 * What differs between what a form in Python gave and what it has to give, in words; null where nothing does.
 * In a row with a code that strays, the reconstruction is not compared.
 */
export function difference(
  { codes: own, recon: ownRecon }: { codes: Float32Array; recon: Float32Array },
  { codes, recon }: Expected,
): string | null {
  const { unit } = codes;
  const scales = scalesOf(codes);
  const strayed = new Set<number>();
  const other: number[] = [];
  let fire = 0;
  codes.data.forEach((expected, at) => {
    const row = Math.floor(at / codes.width);
    const given = own[at];
    if (expected !== 0 || given !== 0) fire++;
    const off = unit === 'same' ? Math.abs(given - expected) : Number((given === 0) !== (expected === 0));
    if (Number.isFinite(given) && off <= (unit === 'same' ? CLOSE * scales[row] : 0)) return;
    other.push(at);
    strayed.add(row);
  });
  if (other.length > STRAY * Math.max(fire, 1)) {
    const [row, latent] = [Math.floor(other[0] / codes.width), other[0] % codes.width];
    const [was, is] = [codes.data[other[0]], own[other[0]]].map((value) => value.toPrecision(4));
    return `${other.length} of ${fire} codes (row ${row}, latent ${latent}: ${was}, and ${is} in Python)`;
  }
  const sizes = scalesOf(recon);
  const wrong = recon.data.findIndex((expected, at) => {
    const row = Math.floor(at / recon.width);
    return !strayed.has(row) && !(Math.abs(ownRecon[at] - expected) <= CLOSE * sizes[row]);
  });
  if (wrong < 0) return null;
  const [was, is] = [recon.data[wrong], ownRecon[wrong]].map((value) => value.toPrecision(4));
  return `the reconstruction (row ${Math.floor(wrong / recon.width)}: ${was}, and ${is} in Python)`;
}

/** The largest number of each row, at least a thousandth of the largest of all; 1 where all are 0. */
function scalesOf({ data, width }: Rows): number[] {
  const largest = Array.from({ length: data.length / width }, (_, row) =>
    data.subarray(row * width, (row + 1) * width).reduce((most, value) => Math.max(most, Math.abs(value)), 0),
  );
  const least = Math.max(...largest) / 1000;
  return largest.map((value) => Math.max(value, least) || 1);
}
