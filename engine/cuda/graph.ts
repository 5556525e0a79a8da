import type { Prepared } from '../opencl/launch.ts';
import { check } from './errors.ts';
import { cudaLibrary, type Graphs } from './library.ts';

/** Only what this thread does is held to what a record allows. */
const OF_THIS_THREAD = 1;

/** What `queue` queues on a stream, recorded and not done, as one launch that can be repeated. */
export function graphOf(graphs: Graphs, stream: number, name: string, queue: () => void): Prepared {
  const { cuda } = cudaLibrary();
  const what = `${name}: the graph of a step`;
  check(graphs.streamBeginCapture(stream, OF_THIS_THREAD), what);
  const graph = new BigUint64Array(1);
  try {
    queue();
  } catch (error) {
    // The stream must leave its record; what went wrong first is what is told.
    graphs.streamEndCapture(stream, graph);
    if (graph[0] !== 0n) graphs.graphDestroy(Number(graph[0]));
    throw error;
  }
  check(graphs.streamEndCapture(stream, graph), what);
  const exec = new BigUint64Array(1);
  const code = graphs.graphInstantiate(exec, Number(graph[0]), 0);
  check(graphs.graphDestroy(Number(graph[0])), what);
  check(code, what);
  const handle = Number(exec[0]);
  return {
    queue: () => check(graphs.graphLaunch(handle, stream), what),
    dispose() {
      // It may still run.
      check(cuda.streamSynchronize(stream), what);
      check(graphs.graphExecDestroy(handle), what);
    },
  };
}
