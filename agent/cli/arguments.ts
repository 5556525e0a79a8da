import { Option } from 'commander';

export { parsed, program, several, whole } from '#contract/command-line';

/** How the code of the workspace is confined. */
export const sandboxOption = () =>
  new Option(
    '--sandbox <how>',
    'bubblewrap for the code of the workspace where it works, unless it is switched off',
  )
    .choices(['auto', 'off'])
    .default('auto');
