/** The pictures of the README: their files in docs/pictures/, and what each shows. */
export const PICTURES = ['console.png', 'notebook.png', 'compare.png', 'report.png'] as const;
export type Picture = (typeof PICTURES)[number];

/** Bytes that a picture may have: a README is loaded over slow lines. */
export const MOST_BYTES = 300_000;
