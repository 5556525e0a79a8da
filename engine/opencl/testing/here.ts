import { chooseDevice } from '../devices.ts';

/** Why nothing can be tested on an OpenCL device here; null if there is one, such as that of PoCL. */
export const noDevice: string | null = reason();

function reason(): string | null {
  try {
    chooseDevice();
    return null;
  } catch (error) {
    return (error as Error).message;
  }
}

/** The name of the backend where it can be tested here, for lists of backends. */
export const openClHere: readonly string[] = noDevice === null ? ['opencl'] : [];
