import { chooseCudaDevice } from '../../cuda/devices.ts';
import { chooseDevice } from '../devices.ts';

/** Why nothing can be tested on an OpenCL device here; null if there is one, such as that of PoCL. */
export const noDevice: string | null = reason(chooseDevice);

function reason(choose: () => unknown): string | null {
  try {
    choose();
    return null;
  } catch (error) {
    return (error as Error).message;
  }
}

/** The name of the backend where it can be tested here, for lists of backends. */
export const openClHere: readonly string[] = noDevice === null ? ['opencl'] : [];
/** Those whose kernels are our own and that can be tested here: `cuda` on a card alone. */
export const devicesHere: readonly string[] = [
  ...openClHere,
  ...(reason(chooseCudaDevice) === null ? ['cuda'] : []),
];
