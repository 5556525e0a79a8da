import { escaped } from '../document/escaped.ts';
import { clip, dateTime, duration, samples } from '../document/names.ts';
import { type SettingRow, sideBySide } from '../document/side-by-side.ts';
import type { NotebookIndex } from '../notebook/model.ts';
import type { Compared } from './compared.ts';
import { curvesHtml } from './curves.ts';
import { groupsHtml } from './groups.ts';
import { numbersHtml } from './numbers.ts';
import { patchHtml } from './patch.ts';
import { type Cells, sideTable } from './side-table.ts';

/** Runs side by side: what they are, their numbers, settings, curves and patches. */
export function compareHtml(all: readonly Compared[], { curves }: NotebookIndex): string {
  const boards = new Set(all.map(({ board }) => board.id));
  const apart =
    boards.size > 1
      ? '<p class="callout warn"><span>These runs stand on different leaderboards: their numbers do not compare.</span></p>'
      : '';
  return `<section class="comparison" aria-labelledby="comparing"><div class="head"><h2 id="comparing" tabindex="-1">${all.length} runs compared</h2><button type="button" data-act="close">Close</button></div>${apart}
${sideTable('What they are', all, whatHtml(all))}
${settingsHtml(all)}
${numbersHtml(all)}
${curvesHtml(all, curves)}
${groupsHtml(all)}
${patchesHtml(all)}</section>`;
}

function whatHtml(all: readonly Compared[]): Cells[] {
  const line = (name: string, of: (one: Compared) => string): Cells => ({ name, cells: all.map(of) });
  return [
    line('Sprint', ({ detail: { sprint, links } }) => {
      const title = escaped(`${sprint.number}: ${clip(sprint.title, 80)}`);
      const [first] = links;
      return first ? `<a href="${escaped(first.href)}">${title}</a>` : title;
    }),
    line('Run', ({ run }) => `<code>${escaped(run.id)}</code>`),
    line('State', ({ row, run }) =>
      escaped(
        `${run.status}${row.from === 'verdict' ? ', verified' : ''}${run.reason ? `: ${run.reason}` : ''}`,
      ),
    ),
    line('Seed', ({ run }) => String(run.seed)),
    line('Samples', ({ run }) => samples(run.samples)),
    line('Took', ({ run }) => (run.seconds === null ? '–' : duration(run.seconds))),
    line('Date', ({ detail }) => escaped(dateTime(detail.sprint.openedAt))),
    line('Commit', ({ detail: { commit } }) =>
      commit === null
        ? '–'
        : `<code>git show ${escaped(commit.hash.slice(0, 12))}</code>${commit.branch === null ? '' : ` on <code>${escaped(commit.branch)}</code>`}`,
    ),
    line('Tree', ({ run }) => `<code>${escaped(run.tree.slice(0, 12))}</code>`),
    line('Files', ({ detail, run }) =>
      [...detail.links, ...(detail.files[run.id] ?? [])]
        .map(({ label: name, href }) => `<a href="${escaped(href)}">${escaped(name)}</a>`)
        .join(' '),
    ),
  ];
}

function settingsHtml(all: readonly Compared[]): string {
  const { different, same } = sideBySide(all.map(({ run, detail }) => detail.settings[run.id]?.values ?? {}));
  const cells = ({ key, values }: SettingRow): Cells => ({
    name: key,
    cells: values.map((value) => (value === null ? '–' : `<code>${escaped(clip(value, 200))}</code>`)),
  });
  const gone = all.filter(({ run, detail }) => detail.settings[run.id]?.stated !== true);
  const note =
    gone.length > 0
      ? `<p class="caption">Of ${gone.map(({ letter }) => letter).join(', ')} only what was asked is known: its trainer stated no settings, or they are gone.</p>`
      : '';
  const differ =
    different.length > 0
      ? sideTable('Settings that differ', all, different.map(cells))
      : '<h3>Settings</h3><p>No setting differs.</p>';
  const shared =
    same.length > 0
      ? `<details><summary>${same.length} settings that all share</summary>${sideTable(null, all, same.map(cells))}</details>`
      : '';
  return `${differ}${note}${shared}`;
}

/** The patch of each sprint once, and the command that shows what two runs' workspaces differ in. */
function patchesHtml(all: readonly Compared[]): string {
  const sprints = new Map(all.map((one) => [one.detail.sprint.id, one.detail]));
  const [a, b] = all;
  const command =
    a && b && a.run.tree !== b.run.tree
      ? `<p>The workspaces of A and B differ by <code>git diff ${escaped(a.run.tree.slice(0, 12))} ${escaped(b.run.tree.slice(0, 12))}</code></p>`
      : '';
  const parts = [...sprints.values()].map(({ sprint, patch }) => {
    const letters = all.filter(({ detail }) => detail.sprint.id === sprint.id).map(({ letter }) => letter);
    const title = `${letters.join(', ')}: sprint ${sprint.number}, ${escaped(clip(sprint.title, 80))}`;
    return patch === null
      ? `<p>${title}: no change of the workspace</p>`
      : `<details><summary>${title}</summary>${patchHtml(patch)}</details>`;
  });
  return `<h3>Changes of the workspace</h3>${command}${parts.join('')}`;
}
