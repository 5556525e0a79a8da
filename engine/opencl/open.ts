import { UserError } from '#contract/errors';
import { chooseDevice, type Found } from './devices.ts';
import { DeviceError } from './library.ts';
import { OpenClDriver } from './opencl-driver.ts';
import { registerDevice, registeredDevice } from './register-device.ts';

/** Work items of a group unless ENGINE_OPENCL_GROUP says otherwise. */
const GROUP = 256;
const GROUPS = [64, 128, 256];

/** Registers the backend with tfjs, once, and returns its device. */
export async function openOpenCl(): Promise<Found> {
  const existing = registeredDevice();
  if (existing?.driver instanceof OpenClDriver) return existing.found;
  const found = chooseDevice();
  await registerDevice(new OpenClDriver(found), groupOn(found));
  return found;
}

/** The work items of a group: as many as are wanted, or as the device allows. */
function groupOn({ name, largestGroup }: Found): number {
  const allowed = GROUPS.filter((group) => group <= largestGroup);
  if (allowed.length === 0) {
    throw new DeviceError(`${name} allows groups of ${largestGroup} work items; ${GROUPS[0]} are needed`, 0);
  }
  const text = process.env.ENGINE_OPENCL_GROUP;
  if (text === undefined) return Math.min(GROUP, allowed[allowed.length - 1]);
  if (!allowed.includes(Number(text))) {
    throw new UserError(`ENGINE_OPENCL_GROUP=${text}: must be one of ${allowed.join(', ')}`);
  }
  return Number(text);
}
