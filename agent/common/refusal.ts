/** Why something may not be done: who asked decides on the code, people read the reason. */
export interface Refusal<Code extends string> {
  code: Code;
  reason: string;
}
