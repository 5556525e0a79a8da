/** What has a shape; null where an operand may be left out. */
type Shaped = { readonly shape: readonly number[] } | null | undefined;

/**
 * Holds the operands of a named operation to their shapes, given as names of dimensions: those of one name
 * must be of one size. Kernels read by address, and of an operand that is too small they would read what lies
 * behind it.
 * @throws Error that names operation, operand and sizes.
 */
export function expectShapes(
  operation: string,
  operands: Record<string, readonly [operand: Shaped, ...dimensions: string[]]>,
): void {
  const sizes = new Map<string, number>();
  for (const [name, [operand, ...dimensions]] of Object.entries(operands)) {
    if (!operand) continue;
    const { shape } = operand;
    const fits = (dimension: string, i: number) => (sizes.get(dimension) ?? shape[i]) === shape[i];
    if (shape.length === dimensions.length && dimensions.every(fits)) {
      for (const [i, dimension] of dimensions.entries()) sizes.set(dimension, shape[i]);
      continue;
    }
    const wanted = dimensions.map((dimension) =>
      sizes.has(dimension) ? `${dimension} = ${sizes.get(dimension)}` : dimension,
    );
    throw new Error(`${operation}: ${name} has the shape [${shape}], not [${wanted.join(', ')}]`);
  }
}
