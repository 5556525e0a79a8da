/**
 * Runs tasks one after the other, in the order they came. Commands and edits of one turn arrive in parallel
 * and all go through the same queue, so that they happen as the model wrote them; a snapshot of the workspace
 * waits in it too.
 */
export class Queue {
  #tail: Promise<unknown> = Promise.resolve();

  run<T>(task: () => Promise<T> | T): Promise<T> {
    const result = this.#tail.then(task);
    this.#tail = result.catch(() => {});
    return result;
  }
}
