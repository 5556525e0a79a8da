import { text } from 'node:stream/consumers';
import { type RenderJob, renderJob } from './job.ts';

/**
 * Renders one report in a separate process: Typst is native and synchronous, and a crash or a hang in it must
 * not end the loop. Reads a RenderJob on standard input, writes JobLines on standard output.
 */
const job = JSON.parse(await text(process.stdin)) as RenderJob;
await renderJob(job, (line) => process.stdout.write(`${JSON.stringify(line)}\n`));
