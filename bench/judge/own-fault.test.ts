import { expect, it } from 'vitest';
import { OWN_FAULT, UserError } from '#contract/errors';
import { onOurDisk, ours } from './own-fault.ts';

const fails = (error: Error) => () => Promise.reject(error);

it('has an exit code of its own for what no run can bring about', async () => {
  await expect(ours(fails(new UserError('no such world')))).rejects.toMatchObject({ exitCode: OWN_FAULT });
  const full = Object.assign(new Error('ENOSPC: no space left'), { code: 'ENOSPC' });
  await expect(onOurDisk(fails(full))).rejects.toMatchObject({ exitCode: OWN_FAULT });
  await expect(onOurDisk(fails(new Error('bad codes')))).rejects.toThrow(/^bad codes$/);
  expect(await onOurDisk(async () => 1)).toBe(1);
});
