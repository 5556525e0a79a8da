/** Anything that has a shape; null or undefined for an operand that is left out. */
type Shaped = { readonly shape: readonly number[] } | null | undefined;

/**
 * Checks the shapes of a named operation's operands, given as names of dimensions: dimensions of one name
 * must have one size. Kernels read by address: for an operand that is too small, they would read the memory
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
