/** Makes SIGINT and SIGTERM exit the process normally, so that its children are ended with it. */
export function endOnSignals(): void {
  process.once('SIGINT', () => process.exit(130));
  process.once('SIGTERM', () => process.exit(143));
}

/** Prints to standard output. */
export function print(text: string): void {
  process.stdout.write(text);
}
