import type { SprintState } from './state.ts';

/** The state with its open sprint changed; the same state where no sprint is open. */
export function withSprint<State extends { sprint: SprintState | null }>(
  state: State,
  change: (sprint: SprintState) => SprintState,
): State {
  return state.sprint ? { ...state, sprint: change(state.sprint) } : state;
}

/** A record without one of its keys. */
export const without = <T>(record: Readonly<Record<string, T>>, key: string): Record<string, T> => {
  const { [key]: _gone, ...others } = record;
  return others;
};
