import { backendNeeds } from './backend-needs.ts';
import { pathToNode } from './node.ts';

/**
 * The names of our variables that a child may see. An allowlist, because a list of secrets is never complete:
 * keys and tokens have any name, proxies and package settings carry passwords.
 */
const allowed = new Set([
  ...['PATH', 'HOME', 'USER', 'LOGNAME', 'SHELL', 'LANG', 'LANGUAGE', 'TERM', 'COLORTERM', 'TZ', 'TMPDIR'],
  ...['NO_COLOR', 'FORCE_COLOR', 'CI'],
  ...['NODE_ENV', 'NODE_NO_WARNINGS', 'NODE_COMPILE_CACHE', 'NODE_EXTRA_CA_CERTS'],
  // Which backend runs the tensors. Each backend declares the other variables that it needs.
  'ENGINE_BACKEND',
]);

/**
 * The environment for a child: our allowed variables (also `LC_*` and those that backends need), then
 * `extra`, which wins and is not filtered. An `undefined` in `extra` removes a variable. PATH finds the Node
 * that runs this.
 */
export function cleanEnv(
  extra: Readonly<Record<string, string | undefined>> = {},
  from: NodeJS.ProcessEnv = process.env,
): Record<string, string> {
  const { variables } = backendNeeds();
  const kept = Object.entries(from).filter(
    ([name]) => allowed.has(name) || name.startsWith('LC_') || variables.includes(name),
  );
  const all = { ...Object.fromEntries(kept), PATH: pathToNode(from.PATH), ...extra };
  return Object.fromEntries(
    Object.entries(all).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
}

/**
 * Variables that say where the worlds of a benchmark lie or come from. There is no token among them: released
 * worlds are public.
 */
const worldVariables = [
  'WORLD_DIR',
  'HF_HOME',
  ...['HF_HUB_CACHE', 'HUGGINGFACE_HUB_CACHE', 'XDG_CACHE_HOME', 'HF_ENDPOINT'],
  ...['HF_HUB_OFFLINE', 'TRANSFORMERS_OFFLINE', 'HF_HUB_DISABLE_SYMLINKS', 'HF_HUB_DISABLE_IMPLICIT_TOKEN'],
  ...['HF_HUB_ETAG_TIMEOUT', 'HF_HUB_DOWNLOAD_TIMEOUT'],
];

/** Which Python the judge's side holds encoders in Python to. */
const pythonVariables = ['SAELENS_PYTHON', 'PYENV_VERSION'];

/** The variables of proxies. They may hold a password, so only a command that downloads gets them. */
export function proxyEnv(from: NodeJS.ProcessEnv = process.env): Record<string, string | undefined> {
  const names = ['HTTPS_PROXY', 'HTTP_PROXY', 'ALL_PROXY', 'NO_PROXY'];
  return Object.fromEntries(
    [...names, ...names.map((name) => name.toLowerCase())].map((name) => [name, from[name]]),
  );
}

/**
 * The environment for our own services (data service, judge), which must find worlds and Python. Untrusted
 * code gets `cleanEnv`.
 */
export function serviceEnv(extra: Readonly<Record<string, string | undefined>> = {}): Record<string, string> {
  const services = [...worldVariables, ...pythonVariables].map((name) => [name, process.env[name]]);
  return cleanEnv({ ...Object.fromEntries(services), ...extra });
}
