import { escaped } from '../document/escaped.ts';
import { label } from '../document/names.ts';
import { sortsOf } from '../notebook/cells.ts';
import type { View } from '../notebook/list.ts';
import type { NotebookIndex } from '../notebook/model.ts';
import { saveButtons } from './save.ts';

/** The fields that set what the lists show; their names are those of the view. */
export function toolsHtml({ boards, sprints }: NotebookIndex, view: View): string {
  const [board] = boards;
  if (!board) return '';
  const outcomes = [...new Set(sprints.map(({ badge }) => badge.v))].sort();
  const bound = board.goal === 'max' ? 'at least' : 'at most';
  return `<form class="tools" role="search" aria-label="Sprints and runs">
<fieldset class="kinds"><legend class="hidden">Show</legend>${kind('sprints', view)}${kind('runs', view)}</fieldset>
<label class="grow">Search <input type="search" name="text" value="${escaped(view.text)}" placeholder="title, idea, setting, run" autocomplete="off"></label>
<label>Outcome <select name="outcome">${option('', 'all', view.outcome)}${outcomes.map((each) => option(each, each, view.outcome)).join('')}</select></label>
<label>${escaped(label(board.metric))} ${bound} <input type="number" step="any" name="value" value="${view.value ?? ''}"></label>
<label>Cost at most, USD <input type="number" step="any" min="0" name="usd" value="${view.usd ?? ''}"></label>
<label class="sorts">Sort by <select name="sort">${sortsOf(board, view.rows)
    .map(({ key, label: name }) => option(key, name, view.sort))
    .join('')}</select></label>
<button type="reset">Reset</button>
</form>
<p class="counted"><span id="counted" role="status"></span> <span class="saves">Save as ${saveButtons()}</span></p>`;
}

const kind = (rows: View['rows'], view: View) =>
  `<label><input type="radio" name="rows" value="${rows}"${view.rows === rows ? ' checked' : ''}> ${rows === 'runs' ? 'Runs' : 'Sprints'}</label>`;

const option = (value: string, name: string, chosen: string) =>
  `<option value="${escaped(value)}"${value === chosen ? ' selected' : ''}>${escaped(name)}</option>`;

/** What the fields say now, as a change of the view. */
export function asked(form: HTMLFormElement): Partial<View> {
  const data = new FormData(form);
  const text = (name: string) => String(data.get(name) ?? '');
  const number = (name: string) => (text(name) === '' ? null : Number(text(name)));
  return {
    rows: text('rows') === 'runs' ? 'runs' : 'sprints',
    text: text('text'),
    outcome: text('outcome'),
    value: number('value'),
    usd: number('usd'),
  };
}
