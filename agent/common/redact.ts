// The address of a webhook is a secret too.
const SECRET_NAMES = /key|token|secret|passw|credential|^LOOP_NOTIFY$/i;
const SECRET_SHAPES =
  /\b(sk-[A-Za-z0-9_-]{8,}|gh[pousr]_[A-Za-z0-9]{20,}|hf_[A-Za-z0-9]{20,}|AKIA[A-Z0-9]{16})\b/g;
/** A user name and password, or a token, before the host of an address. */
const IN_ADDRESS = /(\b[a-z][a-z0-9+.-]*:\/\/)[^\s/@"'\\]+@/gi;

/**
 * Blanks out the values of environment variables with secret-sounding names, plain or within JSON, and text
 * in the form of a known key.
 */
export function redact(text: string, env: NodeJS.ProcessEnv = process.env): string {
  let clean = text.replace(SECRET_SHAPES, '[secret]').replace(IN_ADDRESS, '$1[secret]@');
  for (const [name, value] of Object.entries(env)) {
    if (!value || value.length < 8 || !SECRET_NAMES.test(name)) continue;
    const escaped = JSON.stringify(value).slice(1, -1);
    clean = clean.replaceAll(value, '[secret]').replaceAll(escaped, '[secret]');
  }
  return clean;
}
