import { fileURLToPath } from 'node:url';
import { startChild } from '#host/child';
import { cleanEnv } from '#host/env';
import type { Block, Report } from './document/tree.ts';
import { changeAll } from './document/walk.ts';

const entry = fileURLToPath(new URL('./svg-trial.mjs', import.meta.url));
/** Seconds for one SVG, and for all of a report: then the rest are left out untried. */
const SECONDS = { one: 5, all: 15 };

/**
 * The report without the researcher's SVGs that cannot be drawn in time: they would hold up the PDF, and the
 * reader's browser. Each is tried in a process of its own; a line with the reason stands in its place.
 */
export async function withoutBadSvgs(report: Report): Promise<Report> {
  const svgs = new Map<string, string>();
  changeAll(report.blocks, (block) => {
    const svg = svgOf(block);
    if (svg) svgs.set(svg.name, svg.base64);
    return block;
  });
  const bad = new Map<string, string>();
  let left = SECONDS.all;
  for (const [name, base64] of svgs) {
    const started = performance.now();
    const why = left > 0 ? await trouble(Buffer.from(base64, 'base64')) : 'the SVGs before it took too long';
    if (why !== null) bad.set(name, why);
    left -= (performance.now() - started) / 1000;
  }
  const blocks = changeAll(report.blocks, (block) => {
    const svg = svgOf(block);
    const why = svg && bad.get(svg.name);
    return why ? { t: 'missing', what: ('alt' in block && block.alt) || svg.name, why } : block;
  });
  return { ...report, blocks };
}

function svgOf(block: Block) {
  if (block.t !== 'figure' || block.picture.kind !== 'file') return null;
  return block.picture.mime === 'image/svg+xml' ? block.picture : null;
}

async function trouble(svg: Buffer): Promise<string | null> {
  const child = startChild({
    argv: [process.execPath, entry],
    cwd: process.cwd(),
    env: cleanEnv(),
    stdio: { stdin: 'pipe', stdout: 'ignore', stderr: 'ignore' },
    timeoutSeconds: SECONDS.one,
    graceSeconds: 0,
  });
  // A process that ends early leaves the rest of its input unread.
  child.stdin?.on('error', () => {});
  child.stdin?.end(svg);
  const exit = await child.done;
  if (exit.timedOut) return `it takes longer than ${SECONDS.one} s to draw`;
  return exit.code === 0 ? null : 'it cannot be drawn';
}
