export { type DeviceRun, deviceRun } from './opencl/run.ts';
