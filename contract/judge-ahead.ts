/**
 * What a judge that was begun with `--ahead` reads from its standard input when it is to measure. An input
 * that ends without it is one whose writer has ended: then nothing is measured.
 */
export const MEASURE = 'measure\n';

/** The line by which it says that all is ready. From then on it may draw the rows that it will measure on. */
export const READY = '{"ready":true}';
