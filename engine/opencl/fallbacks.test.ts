import { expect, it, vi } from 'vitest';
import { fallbacks, noteFallback } from './fallbacks.ts';

it('counts by kernel what is computed on the CPU, and says it of each once', () => {
  const write = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
  for (const kernel of ['MadeUp', 'MadeUp', 'Another', 'MadeUp']) noteFallback(kernel);
  const said = write.mock.calls.map(([line]) => line);
  write.mockRestore();
  expect(fallbacks()).toMatchObject({ MadeUp: 3, Another: 1 });
  expect(said).toEqual([
    'device: MadeUp has no kernel of ours, so it is computed on the CPU\n',
    'device: Another has no kernel of ours, so it is computed on the CPU\n',
  ]);
});
