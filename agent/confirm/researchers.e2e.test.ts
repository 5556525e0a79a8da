import { existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { tryBubblewrap } from '#host/bubblewrap';
import { laneDir, secretDir, secretsDir, sprintsDir } from '../common/paths.ts';
import { loopIn, tinyRepository, twoDevices } from '../fixtures/loop.ts';
import { branchOf, emptyFolder, git } from '../fixtures/repo.ts';
import { call, finish, type Step, start, train, wait, write } from '../fixtures/scripted.ts';
import { withSecretWorlds } from '../fixtures/secret-worlds.ts';
import { readSprints } from '../ledger/ledger.ts';
import { keyOf, seedOf } from './key.ts';

const tried = await tryBubblewrap(emptyFolder());

/** Waits until the gain of the other is being confirmed, then looks wherever a secret might be. */
const SNOOP = `until [ -e work/now ]; do sleep 0.1; done
rm work/now || exit 1
env; cat /proc/[0-9]*/environ /proc/[0-9]*/cmdline | tr '\\0' '\\n'
home=$(cd "$(git rev-parse --git-common-dir)/.." && pwd)
for folder in "$home/state/secret" "$home/state/confirming" /tmp/loop-*; do find "$folder" -type f 2>&1 | head -50; grep -rIs . "$folder" | tail -c 20000; done
echo LOOKED$((40+2))`;

const sprint = (slug: string, f1: number, ...first: Step[]): Step[] => [
  start(slug, f1),
  write(f1),
  ...first,
  train(),
  wait,
  finish(),
];

it.skipIf(!tried.ok)(
  'gains of two researchers are confirmed one after the other, and no secret reaches either of them',
  async () => {
    const night = [
      sprint('one', 0.6),
      sprint('two', 0.8, call('bash', { command: SNOOP })),
      [start('three', 0.5), finish({ candidate: null })],
    ];
    // What is measured of the second gain waits until the third sprint is open.
    const third = join(emptyFolder(), 'third');
    const open = `while (f1 === 0.8 && !existsSync('${third}')) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 50);`;
    const there = `(() => { ${open} return { f1: f1 + (seed % 7) / 1000, mcc }; })()`;
    const repo = twoDevices(withSecretWorlds(tinyRepository(night), there, '{ share: 1, looks: [2] }'));
    let told = false;
    let opened = 0;
    const asked = { researchers: 2, maxSprints: 3, sandbox: 'auto' } as const;
    const { code, events } = await loopIn(repo, asked, () => ({ type, researcherId }) => {
      if (type === 'sprint.opened' && ++opened === 3) writeFileSync(third, '');
      if (type !== 'confirm.measured' || told) return;
      told = true;
      const other = researcherId === 'researcher-1' ? 'researcher-2' : 'researcher-1';
      writeFileSync(join(laneDir(repo, other), 'work/now'), '');
    });
    expect(code).toBe(0);

    // One at a time, and each against the best at the time of its verdict.
    const [first, second] = readSprints(sprintsDir(repo));
    const confirmed = events.flatMap((e) =>
      e.type.startsWith('confirm.') && 'sprint' in e ? [e.sprint] : [],
    );
    // The end of the night measures the best once more, for no sprint.
    expect(confirmed.filter((id, i) => id !== null && id !== confirmed[i - 1])).toEqual([
      first?.id,
      second?.id,
    ]);
    const begun = events.filter((event) => event.type === 'confirm.started');
    expect(begun.map(({ sprint, best }) => [sprint, best])).toEqual([
      [first?.id, null],
      [second?.id, first?.id],
    ]);
    // Who has ended a sprint begins the next one while that of the other is still being confirmed.
    const ended = events.findIndex((e) => e.type === 'confirm.finished' && e.sprint === second?.id);
    expect(events.slice(0, ended).filter(({ type }) => type === 'sprint.opened')).toHaveLength(3);
    expect([first?.confirmed?.result, second?.confirmed?.result]).toEqual(['confirmed', 'confirmed']);
    expect(String(second?.openedAt) < String(first?.closedAt)).toBe(true);
    expect(second?.confirmed).toMatchObject({ best: { sprint: first?.id }, key: first?.confirmed?.key });

    const branch = branchOf(repo);
    const { key, folder } = keyOf(repo, branch);
    const worlds = readFileSync(join(secretDir(repo, branch), 'verdicts.jsonl'), 'utf8').match(
      /[0-9a-f]{64}/g,
    );
    const draws = Array.from({ length: 20 }, (_, draw) => String(seedOf(key, draw)));
    expect(new Set(worlds).size).toBeGreaterThan(1);
    const secrets = [key.toString('hex'), key.toString('base64'), ...(worlds ?? []), ...draws];
    expect(git(repo, 'log', '--all', '--format=%B')).toContain('Confirmed: confirmed');
    rmSync(secretsDir(repo), { recursive: true });
    expect(existsSync(folder)).toBe(false);
    const texts = textsIn(repo);
    expect(texts.filter(({ text }) => text.includes('LOOKED42'))).not.toEqual([]);
    texts.push({ name: 'commits', text: git(repo, 'log', '--all', '-p', '--format=%B%D', '--text') });
    texts.push({ name: 'references', text: git(repo, 'for-each-ref') });
    const leaks = texts.flatMap(({ name, text }) =>
      secrets.filter((one) => text.includes(one)).map(() => name),
    );
    expect(leaks).toEqual([]);
  },
);

/** All files of a repository and its worktrees: prompts, transcripts, logs, reports, records, outputs. */
const textsIn = (repo: string): { name: string; text: string }[] =>
  readdirSync(repo, { recursive: true, encoding: 'utf8' }).flatMap((name) => {
    const path = join(repo, name);
    if (name.startsWith('.git/') || !statSync(path, { throwIfNoEntry: false })?.isFile()) return [];
    return [{ name, text: readFileSync(path, 'latin1') }];
  });
