/**
 * The names under which SAELens has an SAE's encoder of its own: such an export needs no form in Python.
 * `test/saelens-names.test.ts` compares them with `sae/saelens/registry.json`.
 */
export const SAELENS_HAS: ReadonlySet<string> = new Set([
  ...['abstopk', 'gated', 'jumprelu', 'matching_pursuit', 'standard', 'temporal', 'topk'],
  ...['jumprelu_skip_transcoder', 'jumprelu_transcoder', 'skip_transcoder', 'transcoder'],
]);
