import { describe, expect, it } from 'vitest';
import { type Outcome, runPart } from './child.ts';

const asked = { kind: 'golden', backend: 'cpu' } as const;
const running = (
  code: string,
  limits = { seconds: 120 } as Parameters<typeof runPart>[1],
): Promise<Outcome> => runPart(asked, limits, ['-e', code]);

describe('a part in a process of its own', () => {
  it('answers by its last line', async () => {
    expect(await running(`console.log('noise'); console.log(process.argv[1])`)).toEqual({ answer: asked });
  });

  it.each([
    ['fails', `console.error('error: no such card'); process.exit(1)`, /^no such card$/],
    ['crashes', `process.kill(process.pid, 'SIGSEGV')`, /^crashed by SIGSEGV$/],
    ['says nothing', '', /^it ended without an answer$/],
  ])('that %s costs itself alone', async (_, code, reason) => {
    expect(await running(code)).toEqual({ reason: expect.stringMatching(reason) });
  });

  it('that hangs is ended, with what it started', async () => {
    const code = `require('child_process').spawn('sleep', ['1000'], { detached: true }); setInterval(() => {}, 1000)`;
    expect(await running(code, { seconds: 1 })).toEqual({ reason: 'ended after its limit of 1 s' });
  });

  it('that holds too much memory is ended', async () => {
    const code = 'const all = []; setInterval(() => all.push(Buffer.alloc(3e7, 1)), 20)';
    const outcome = await running(code, { seconds: 120, bytes: 4e8 });
    expect(outcome).toEqual({ reason: 'ended because it held more than 0.40 GB of memory' });
  });
});
