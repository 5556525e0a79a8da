/** Lets SIGINT and SIGTERM end the process the ordinary way, so that its children are ended with it. */
export function endOnSignals(): void {
  process.once('SIGINT', () => process.exit(130));
  process.once('SIGTERM', () => process.exit(143));
}

/** Prints to standard output. */
export function print(text: string): void {
  process.stdout.write(text);
}
