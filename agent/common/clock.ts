/** The time in milliseconds, as Date.now gives it. Tests replace it. */
export type Clock = () => number;

/** The local time of day, in the form of `--until`: 07:30. */
export const clock = (time: string | Date): string => new Date(time).toTimeString().slice(0, 5);

/**
 * The time zone of local times, shown once on a screen: `UTC+1`, summer time included. The names of sprints
 * and runs are always in UTC.
 */
export function zone(time: string | Date = new Date()): string {
  const minutes = -new Date(time).getTimezoneOffset();
  if (minutes === 0) return 'UTC';
  const [hours, rest] = [Math.floor(Math.abs(minutes) / 60), Math.abs(minutes) % 60];
  return `UTC${minutes < 0 ? '-' : '+'}${hours}${rest === 0 ? '' : `:${String(rest).padStart(2, '0')}`}, names in UTC`;
}
