import { LOST as LOST_BY_CUDA, OUT_OF_MEMORY } from './cuda/errors.ts';
import { DeviceError, NO_MEMORY } from './opencl/library.ts';

/** Numbers of OpenCL are below 0, those of CUDA above. Of the device, and CL_OUT_OF_HOST_MEMORY. */
const MEMORY = [...NO_MEMORY, -6, OUT_OF_MEMORY];
/**
 * CL_OUT_OF_RESOURCES (a reset of the driver), CL_EXEC_STATUS_ERROR_FOR_EVENTS_IN_WAIT_LIST,
 * CL_INVALID_COMMAND_QUEUE, CL_DEVICE_NOT_AVAILABLE, and NVIDIA's own for an illegal access.
 */
const LOST = [-2, -5, -14, -36, -9999, ...LOST_BY_CUDA];

/**
 * What went wrong with a device while it computed: its memory is full, or it is lost or was reset. Null for
 * errors of code. Told by the driver's number of the error.
 */
export function deviceFailure(error: unknown): 'memory' | 'lost' | null {
  if (!(error instanceof DeviceError)) return null;
  if (MEMORY.includes(error.code)) return 'memory';
  return LOST.includes(error.code) ? 'lost' : null;
}
