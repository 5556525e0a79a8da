/**
 * Runs tasks one after the other, in the order of their arrival. The commands and edits of one turn arrive
 * in parallel and share one queue, so that they take effect in the order in which the model wrote them. A
 * snapshot of the workspace waits in the same queue.
 */
export class Queue {
  #tail: Promise<unknown> = Promise.resolve();

  run<T>(task: () => Promise<T> | T): Promise<T> {
    const result = this.#tail.then(task);
    this.#tail = result.catch(() => {});
    return result;
  }
}
