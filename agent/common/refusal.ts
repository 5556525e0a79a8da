/** Why something may not be done: programs decide by the code, people read the reason. */
export interface Refusal<Code extends string> {
  code: Code;
  reason: string;
}
