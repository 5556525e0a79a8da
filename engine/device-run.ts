export { type DeviceRun, deviceRun, type StepCounts } from './opencl/run.ts';
