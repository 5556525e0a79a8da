import { fileURLToPath } from 'node:url';
import { buildSync } from 'esbuild';

const entry = fileURLToPath(new URL('../browser/main.ts', import.meta.url));

/**
 * The script of the page, as one text. It is made when this file is loaded, early in a night: a Ctrl-C or a
 * closed terminal could end the compiler later.
 */
export const script: string = build();

function build(): string {
  const { outputFiles } = buildSync({
    entryPoints: [entry],
    bundle: true,
    write: false,
    minify: true,
    format: 'iife',
    target: 'es2022',
    // Letters beyond ASCII stay as they are: the page is UTF-8.
    charset: 'utf8',
    legalComments: 'none',
  });
  const [made] = outputFiles;
  // Text that would end the element of the script.
  return (made?.text ?? '').replaceAll('</script', '<\\/script').trim();
}
