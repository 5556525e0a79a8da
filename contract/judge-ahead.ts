/**
 * What a judge that was begun with `--ahead` reads from its standard input when it is to give its verdict. An
 * input that ends without it is one whose writer has ended: then it gives none.
 */
export const MEASURE = 'measure\n';

/**
 * The line by which it says that all is ready. It may measure from then on, and keeps that to itself, with
 * what its encoder says.
 */
export const READY = '{"ready":true}';
