/** The time in milliseconds, as Date.now tells it. Tests give their own. */
export type Clock = () => number;

/** The local time of day, as `--until` takes it: 07:30. */
export const clock = (time: string | Date): string => new Date(time).toTimeString().slice(0, 5);

/**
 * The zone of such times, once a screen: `UTC+1`, in which summer time is in already. The names of sprints
 * and runs are in UTC everywhere.
 */
export function zone(time: string | Date = new Date()): string {
  const minutes = -new Date(time).getTimezoneOffset();
  if (minutes === 0) return 'UTC';
  const [hours, rest] = [Math.floor(Math.abs(minutes) / 60), Math.abs(minutes) % 60];
  return `UTC${minutes < 0 ? '-' : '+'}${hours}${rest === 0 ? '' : `:${String(rest).padStart(2, '0')}`}, names in UTC`;
}
