import { chooseCudaDevice } from '../../cuda/devices.ts';
import { openClHere } from './here.ts';

/**
 * The backends of our own kernels that can be tested here, for lists of backends: `cuda` on a card alone. It
 * loads the system's CUDA driver, so a process that tests the stand-in of it must not import this.
 */
export const devicesHere: readonly string[] = [...openClHere, ...(hasCard() ? ['cuda'] : [])];

function hasCard(): boolean {
  try {
    chooseCudaDevice();
    return true;
  } catch {
    return false;
  }
}
