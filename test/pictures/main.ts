// Takes the pictures of the README from a night of the offline replay.
//   npm run pictures                          plays the night first, in a copy of this checkout
//   npm run pictures -- --from <checkout>     of a checkout where a night has ended
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { sprintsDir } from '#agent/common/paths';
import { readSprints } from '#agent/ledger/ledger';
import { parsed, program } from '#contract/command-line';
import { runMain, UserError } from '#contract/errors';
import { homeOf } from '#host/worktree';
import { root } from '../import-graph.ts';
import { writeTerminal } from './console.ts';
import type { Picture } from './names.ts';
import { playNight, recordingOf, renderedAnew, TERMINAL } from './night.ts';
import { openBrowser, type Shot, shoot } from './shoot.ts';
import { atNight } from './terminal.ts';

const command = program(
  'npm run pictures --',
  'Takes the pictures of the README from a night of the offline replay: the console, the notebook, the comparison of its bests and the report of the last one.',
)
  .option(
    '--from <checkout>',
    'a checkout where a night has ended; default: play one in a copy, some minutes',
  )
  .option('--out <dir>', 'folder of the pictures', join(root, 'docs', 'pictures'))
  .addHelpText(
    'after',
    `
Examples:
  npm run pictures
  npm run pictures -- --from ../night

Reports and notebook are rendered anew. The console is what "script" recorded in state/console.txt while the loop ran:
  script -qefc 'stty cols ${TERMINAL.columns} rows ${TERMINAL.rows}; exec npm run --silent loop' state/console.txt
Without that file its picture stays as it is.`,
  );

/** Bests that are compared, the last ones of the night. */
const COMPARED = 2;

await runMain(async () => {
  if (!parsed(command)) return 0;
  const { from, out } = command.opts<{ from?: string; out: string }>();
  const checkout = homeOf(from === undefined ? await playNight() : resolve(from));
  const bests = readSprints(sprintsDir(checkout)).filter(({ outcome }) => outcome === 'new-best');
  const best = bests.at(-1);
  if (!best) throw new UserError(`${checkout}: no night with a gain has ended there`);
  const pages = await renderedAnew(checkout);
  const address = (name: string, hash = '') => `${pathToFileURL(join(pages, name)).href}${hash}`;
  const runs = bests.slice(-COMPARED).flatMap(({ candidate }) => candidate ?? []);
  const notebook = { ready: 'html[data-ready]', width: 1280 };
  const shots: Partial<Record<Picture, Shot>> = {
    'notebook.png': { ...notebook, address: address('index.html'), height: 1180 },
    'compare.png': {
      ...{ ...notebook, ready: '.comparison .chart' },
      ...{ of: ['.comparison ::-p-text(Settings)', '.comparison .charts > :nth-child(2)'], height: 0 },
      address: address('index.html', `#ticked=${runs.join(',')}&comparing=true`),
    },
    'report.png': { address: address(`${best.id}.html`), ready: 'main', width: 900, height: 1000 },
  };
  const recording = recordingOf(checkout);
  if (existsSync(recording)) {
    const { columns, rows } = TERMINAL;
    writeTerminal(join(pages, 'console.html'), atNight(readFileSync(recording, 'utf8')), columns, rows);
    shots['console.png'] = {
      address: address('console.html'),
      ready: 'pre',
      of: ['pre', 'pre'],
      width: 1000,
      height: 800,
    };
  } else process.stderr.write(`warning: ${recording}: is not there, so console.png stays as it is\n`);
  mkdirSync(out, { recursive: true });
  const browser = await openBrowser();
  try {
    for (const [name, shot] of Object.entries(shots)) {
      const file = join(out, name);
      const bytes = await shoot(browser, shot, file);
      process.stdout.write(`${relative(process.cwd(), file)}  ${Math.round(bytes / 1000)} kB\n`);
    }
  } finally {
    await browser.close();
  }
  return 0;
});
