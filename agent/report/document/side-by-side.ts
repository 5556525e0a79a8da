/** What a run was made with, flattened: {"optimizer.beta": "0.9"}. */
export interface RunSettings {
  values: Record<string, string>;
  /** Whether its trainer states them; else only what was asked is known. */
  stated: boolean;
}

export interface SettingRow {
  key: string;
  /** By run; null where a run has no such setting. */
  values: (string | null)[];
}

/** The settings of several runs: those that differ, and those that all share. */
export function sideBySide(all: readonly Record<string, string>[]): {
  different: SettingRow[];
  same: SettingRow[];
} {
  const keys = [...new Set(all.flatMap((settings) => Object.keys(settings)))];
  const rows = keys.map((key) => ({
    key,
    values: all.map((settings) => (Object.hasOwn(settings, key) ? (settings[key] ?? null) : null)),
  }));
  const isSame = ({ values }: SettingRow) => values.every((value) => value === values[0]);
  return { different: rows.filter((row) => !isSame(row)), same: rows.filter(isSame) };
}
