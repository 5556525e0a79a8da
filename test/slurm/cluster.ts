import { spawn, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { hostname, userInfo } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { UserError } from '#contract/errors';
import { isProgram } from '#host/command';
import { cleanEnv } from '#host/env';
import { pids, readStat, signal } from '#host/processes';
import { freePorts } from './ports.ts';

// A real Slurm of two nodes on this machine, in one folder: munged, slurmctld and two slurmd of the user who
// runs this.

export type Node = 'n1' | 'n2';
const NODES: readonly Node[] = ['n1', 'n2'];
const UP_SECONDS = 60;

/** Debian's daemons lie where a user's PATH does not lead. */
const PATH = [process.env.PATH, '/usr/sbin', '/usr/local/sbin', '/sbin'].join(':');
const PACKAGES = {
  munge: ['munged', 'mungekey'],
  'slurm-wlm': ['slurmctld', 'slurmd', 'sbatch', 'squeue', 'scontrol', 'scancel', 'sinfo'],
};

/** Why there can be no Slurm here, in one line with the remedy; null where there can. */
export function missing(): string | null {
  const packages = Object.entries(PACKAGES)
    .filter(([, programs]) => programs.some((name) => !isProgram(name, PATH)))
    .map(([name]) => name);
  return packages.length === 0
    ? null
    : `Slurm needs ${packages.join(' and ')}: apt-get install ${packages.join(' ')}`;
}

/** The cluster that lies in a folder, whether it runs or not. */
export class Cluster {
  constructor(readonly folder: string) {}

  /** What commands of Slurm need to find this cluster. */
  get env(): Record<string, string> {
    return { SLURM_CONF: join(this.folder, 'slurm.conf') };
  }

  /** Runs a command of Slurm, and gives what it printed, errors too. */
  ask(...argv: [string, ...string[]]): string {
    const [program, ...words] = argv;
    const { stdout, stderr } = spawnSync(program, words, {
      encoding: 'utf8',
      env: this.#env,
      timeout: 20_000,
    });
    return `${stdout}${stderr}`.trim();
  }

  get #env(): Record<string, string> {
    return cleanEnv({ ...this.env, PATH });
  }

  /** Starts what does not run. @throws UserError where a package is missing, or the nodes do not come up. */
  async start(): Promise<void> {
    const why = missing();
    if (why !== null) throw new UserError(why);
    if (this.isUp) return;
    await this.stop();
    mkdirSync(join(this.folder, 'state'), { recursive: true, mode: 0o755 });
    await this.#configure();
    this.#run('munged', [
      ...['--socket', this.#in('munge.socket'), '--key-file', this.#in('munge.key')],
      ...['--pid-file', this.#in('munged.pid'), '--log-file', this.#in('munged.log')],
      // Folders below /tmp are not as munged would have them.
      ...['--seed-file', this.#in('munge.seed'), '--foreground', '--force'],
    ]);
    for (let waited = 0; !existsSync(this.#in('munge.socket')) && waited < 20 * UP_SECONDS; waited++)
      await sleep(50);
    this.startController();
    for (const node of NODES) this.startNode(node);
    for (let waited = 0; waited < UP_SECONDS * 5; waited++) {
      if (this.isUp) return;
      await sleep(200);
    }
    throw new UserError(`Slurm does not come up in ${UP_SECONDS} s: see the logs in ${this.folder}`, 1);
  }

  /**
   * Takes all jobs out of it. Where its daemons do not answer, or its nodes do not come free, it is made
   * anew.
   */
  async empty(): Promise<void> {
    const all = `--user=${userInfo().uid}`;
    this.ask('scancel', '--state=PENDING', all);
    this.ask('scancel', all);
    const end = Date.now() + UP_SECONDS * 1000;
    while (Date.now() < end) {
      if (this.isUp && this.ask('squeue', '--noheader') === '') return;
      await sleep(200);
    }
    await this.stop();
    await this.start();
  }

  startController(): void {
    this.#run('slurmctld', ['-D', '-f', this.env.SLURM_CONF ?? '']);
  }

  startNode(node: Node): void {
    this.#run('slurmd', ['-D', '-N', node, '-f', this.env.SLURM_CONF ?? ''], `slurmd-${node}`);
  }

  /** Ends the controller as a restart of its service does: it saves what it knows. */
  async stopController(): Promise<void> {
    const pid = this.#pidOf('slurmctld');
    if (pid !== null) signal(pid, 'SIGTERM');
    while (pid !== null && this.#isMine(pid)) await sleep(20);
  }

  /** Takes a node away with everything that runs on it, as a power cut does. */
  killNode(node: Node): void {
    this.#kill(`slurmd-${node}`);
    for (const pid of this.processes(node)) signal(pid, 'SIGKILL');
  }

  /** The processes of jobs on a node (unset: on both): the daemon of each job, and all that it started. */
  processes(node?: Node): number[] {
    const stats = pids().flatMap((pid) => readStat(pid) ?? []);
    const below = (pid: number): number[] =>
      stats.filter(({ parent }) => parent === pid).flatMap((stat) => [stat.pid, ...below(stat.pid)]);
    return stats
      .filter(({ pid }) => this.#isMine(pid) && read(`/proc/${pid}/comm`).startsWith('slurmstepd'))
      .map(({ pid }) => [pid, ...below(pid)])
      .filter((all) => node === undefined || all.some((pid) => isOn(pid, node)))
      .flat();
  }

  /** Ends everything, jobs too. The folder stays, with its logs. */
  async stop(): Promise<void> {
    const daemons = ['slurmctld', ...NODES.map((node) => `slurmd-${node}`), 'munged'];
    for (const pid of this.processes()) signal(pid, 'SIGKILL');
    for (const name of daemons) this.#kill(name);
    await sleep(100);
    for (const name of existsSync(this.folder) ? readdirSync(this.folder) : []) {
      if (/^(state|spool-|munge\.socket)/.test(name))
        rmSync(this.#in(name), { recursive: true, force: true });
    }
  }

  /** Whether both nodes take jobs. */
  get isUp(): boolean {
    if (!existsSync(this.env.SLURM_CONF ?? '')) return false;
    const states = this.ask('sinfo', '--noheader', '--Node', '--partition=main', '--format=%T');
    return /^(idle|mixed|allocated)\n(idle|mixed|allocated)$/.test(states);
  }

  async #configure(): Promise<void> {
    const template = readFileSync(join(import.meta.dirname, 'slurm.conf'), 'utf8');
    const [controllerPort, port1, port2] = await freePorts(3);
    const given = { folder: this.folder, host: hostname().split('.')[0], user: userInfo().username };
    const all: Record<string, unknown> = { ...given, controllerPort, port1, port2 };
    writeFileSync(
      this.env.SLURM_CONF ?? '',
      template.replace(/^#.*\n/gm, '').replaceAll(/\{(\w+)\}/g, (_, name: string) => String(all[name])),
    );
    // Nothing uses control groups, and the other plugin needs systemd and a mounted file system of theirs.
    writeFileSync(this.#in('cgroup.conf'), 'CgroupPlugin=cgroup/v1\n');
    writeFileSync(this.#in('munge.key'), randomBytes(1024), { mode: 0o400 });
    chmodSync(this.#in('munge.key'), 0o400);
  }

  /** Starts a daemon that outlives this process. */
  #run(program: string, words: readonly string[], name = program): void {
    const log = openSync(this.#in(`${name}.out`), 'a');
    const child = spawn(program, words, {
      cwd: this.folder,
      env: this.#env,
      detached: true,
      stdio: ['ignore', log, log],
    });
    child.unref();
    writeFileSync(this.#in(`${name}.started`), String(child.pid));
  }

  #kill(name: string): void {
    const pid = this.#pidOf(name);
    if (pid !== null) signal(pid, 'SIGKILL');
    rmSync(this.#in(`${name}.started`), { force: true });
  }

  #pidOf(name: string): number | null {
    const pid = Number(read(this.#in(`${name}.started`)));
    // Another process may have taken over the number since.
    return pid > 1 && this.#isMine(pid) ? pid : null;
  }

  /** All daemons work in the cluster's folder. */
  #isMine(pid: number): boolean {
    try {
      return readlinkSync(`/proc/${pid}/cwd`) === realpathSync(this.folder);
    } catch {
      return false; // It has ended.
    }
  }

  readonly #in = (name: string): string => join(this.folder, name);
}

const isOn = (pid: number, node: Node) => read(`/proc/${pid}/environ`).includes(`SLURMD_NODENAME=${node}\0`);

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
