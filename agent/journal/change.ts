import type { SprintState } from './state.ts';

/** The state with the open sprint of a researcher changed; the same state where none is open. */
export function withSprint<State extends { sprints: Readonly<Record<string, SprintState>> }>(
  state: State,
  researcherId: string,
  change: (sprint: SprintState) => SprintState,
): State {
  const sprint = state.sprints[researcherId];
  return sprint ? { ...state, sprints: { ...state.sprints, [researcherId]: change(sprint) } } : state;
}

/** A record without one of its keys. */
export const without = <T>(record: Readonly<Record<string, T>>, key: string): Record<string, T> => {
  const { [key]: _gone, ...others } = record;
  return others;
};
