/**
 * The names of a verdict's numbers, for readers of a TASK.md before anything is measured (`judge
 * --describe`). The judge's tests check that a verdict has exactly these.
 */
export const FIELDS = {
  metrics: [
    ...['f1', 'f1_one_to_one', 'mcc', 'precision', 'recall', 'accuracy', 'uniqueness', 'l0', 'true_l0'],
    ...['explained_variance', 'dead_latents', 'shrinkage', 'batch_dependence'],
  ],
  observed: ['samples', 'width', 'normalisation_samples', 'rows_served', 'checkpoint_bytes'],
  declared: ['learning_rate', 'epochs'],
} as const;

/** The same in a world of rows, of which no true features are known. */
export const ROW_FIELDS = {
  ...FIELDS,
  metrics: [
    ...[
      'probe_f1',
      'probe_f1_cut',
      'probe_f1_16',
      'probes',
      'explained_variance',
      'l0',
      'dead_latents',
      'density',
    ],
    ...['dense_latents', 'shrinkage', 'batch_dependence'],
  ],
} as const;
