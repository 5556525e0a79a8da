import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { capture } from '#host/capture';
import { cleanEnv } from '#host/env';
import { sprintsDir } from '../common/paths.ts';
import { loopIn, START, tinyRepository } from '../fixtures/loop.ts';
import { branchOf, emptyFolder, git } from '../fixtures/repo.ts';
import { call, sprintTo } from '../fixtures/scripted.ts';
import { readSprints } from '../ledger/ledger.ts';
import { indexIn } from '../report/fixtures/opened.ts';
import { renderNotebook, renderReport } from '../report/index.ts';
import type { NotebookIndex } from '../report/notebook/model.ts';
import { readStatus } from '../screen/status.ts';
import { statusLines } from '../screen/status-lines.ts';

const command = (cwd: string, name: string, ...args: string[]) => {
  const file = join(import.meta.dirname, `../cli/${name}.ts`);
  const argv = [process.execPath, START, file, ...args];
  return capture({ argv, cwd, env: cleanEnv(), timeoutSeconds: 280 });
};
/** The list that a notebook holds, without its links. */
const listIn = (page: string): NotebookIndex => {
  const index = indexIn(page);
  return { ...index, sprints: index.sprints.map((row) => ({ ...row, links: [] })) };
};
const sprintsAt = (repo: string) => readSprints(sprintsDir(repo));

describe('a clone that holds the run branch alone', () => {
  let night: string;
  let clone: string;

  beforeAll(async () => {
    const picture = call('bash', {
      command: 'printf "\\n![curve](curve.png)\\n" >> sprints/*-first/README.md',
    });
    const [read, start, ...rest] = sprintTo('first', 0.6);
    night = tinyRepository([
      [read ?? '', start ?? '', picture, ...rest],
      sprintTo('worse', 0.3),
      sprintTo('third', 0.7),
    ]);
    const path = join(night, 'TASK.md');
    await loopIn(
      night,
      {},
      () => (event) => {
        // From the second sprint on, a guard that the first would not have passed, in another table.
        if (event.type === 'sprint.committed')
          writeFileSync(
            path,
            readFileSync(path, 'utf8')
              .replace('mcc: ">=best-0.05"', 'mcc: ">=0.55"')
              .replace('also: [mcc]', 'also: []'),
          );
      },
      { report: renderReport, notebook: renderNotebook },
    );
    clone = join(emptyFolder(), 'clone');
    git(night, 'clone', '-q', '--single-branch', '--branch', branchOf(night), night, clone);
  });

  it('gives the same reports, notebook, leaderboards and tables', async () => {
    const { exit, stdout, complaint } = await command(clone, 'report');
    expect([exit.code, complaint]).toEqual([0, null]);
    const [here, there] = [night, clone].map((repo) => join(repo, 'reports')) as [string, string];
    const files = readdirSync(there).sort();
    expect(files).toEqual(readdirSync(here).sort());
    expect(files).toHaveLength(3 * 3 + 3);
    expect(stdout.trim().split('\n').sort()).toEqual(files.map((file) => join(there, file)));
    for (const file of files) {
      const [was, is] = [here, there].map((folder) => readFileSync(join(folder, file)));
      if (file.endsWith('.md'))
        // The way from the reports to the sprints is another one: a clone needs no worktree.
        expect(`${is}`, file).toBe(`${was}`.replaceAll('../state/worktree/sprints', '../sprints'));
      // Its links lead elsewhere, and a clone has no events that tell why the loop ended.
      else if (file === 'index.html') expect(listIn(`${is}`)).toEqual(listIn(`${was}`));
      // The compiler of PDFs orders the entries of a dictionary by chance.
      else if (file.endsWith('.pdf'))
        expect(Math.abs((is?.length ?? 0) - (was?.length ?? 0)), file).toBeLessThan(100);
      else expect(is?.equals(was ?? Buffer.of()), file).toBe(true);
    }
    expect(new Set(sprintsAt(clone).map(({ leaderboard }) => leaderboard)).size).toBe(2);
    expect(readFileSync(join(there, 'ledger.csv'), 'utf8').split('\n')).toHaveLength(1 + 3 + 1);
    expect(readFileSync(join(there, 'runs.csv'), 'utf8')).toContain(
      ',declared_learning_rate,declared_start\n',
    );
  });

  it('writes the tables alone where only they are asked for', async () => {
    const out = join(emptyFolder(), 'tables');
    const { exit } = await command(clone, 'report', '--csv', '--out', out);
    expect([exit.code, readdirSync(out).sort()]).toEqual([0, ['ledger.csv', 'runs.csv']]);
  });

  it('keeps of a run what its folder said', () => {
    expect(existsSync(join(clone, 'checkpoints'))).toBe(false);
    expect(sprintsAt(clone)[0]?.runs[0]).toMatchObject({
      ...{ startedAt: expect.stringMatching(/^20/), rowsServed: null, declared: {}, config: {} },
      machine: { cores: expect.any(Number) },
    });
  });

  it('has a status, and says of the best what it can', async () => {
    const lines = statusLines(readStatus(clone), null);
    const last = sprintsAt(clone).at(-1);
    expect(lines).toContain(`3 closed sprints in sprints/, the last ${last?.id} (profile tiny): new-best`);
    expect(lines).toContain(`Best: f1 0.7, mcc 0.6 (${last?.id})`);
    const { exit, stdout, complaint } = await command(clone, 'best', '--sandbox', 'off');
    expect([exit.code, complaint]).toEqual([2, expect.stringContaining('cannot be judged again; train it')]);
    expect(stdout).toContain('best of tiny: sprint 3, Try third\n');
    expect(stdout).toMatch(/^ {2}f1 +0\.7000$/m);
    const again = await command(clone, 'best', '--sandbox', 'off', '--train');
    expect([again.exit.code, again.stdout]).toEqual([0, expect.stringContaining('f1 holds')]);
  });
});

it('says so where no sprint is closed', async () => {
  const repo = tinyRepository();
  const { exit, complaint } = await command(repo, 'report');
  expect([exit.code, complaint]).toEqual([2, expect.stringContaining('no closed sprint is there')]);
});
