import { plainView, type View } from '../notebook/list.ts';
import type { NotebookIndex } from '../notebook/model.ts';
import { hashOf, viewOf } from './address.ts';
import { compareHtml } from './compare.ts';
import { comparedOf, MOST_RUNS } from './compared.ts';
import { drawLists } from './lists.ts';
import { openIndex, openSprint } from './open.ts';
import { reloadLater } from './reload.ts';
import { save } from './save.ts';
import { asked, toolsHtml } from './tools.ts';
import { trayHtml } from './tray.ts';

/** How long a person may pause between two letters of a search, in milliseconds. */
const PAUSE = 120;

/**
 * The script of the notebook. The page is complete without it; with it, its lists can be sorted, filtered and
 * compared. What a person has set stands in the address, so a reload, a bookmark and a link keep it.
 */
class Notebook {
  #view: View;
  /** The runs whose comparison is drawn. */
  #compared = '';
  #drawing = Promise.resolve();

  constructor(
    readonly index: NotebookIndex,
    readonly tools: HTMLElement,
  ) {
    this.#view = viewOf(location.hash);
    this.drawTools();
    this.draw();
    tools.hidden = false;
    let timer = 0;
    tools.addEventListener('input', () => {
      clearTimeout(timer);
      timer = window.setTimeout(() => this.fromTools(), PAUSE);
    });
    tools.addEventListener('submit', (event) => event.preventDefault());
    tools.addEventListener('reset', () => this.set({ ...plainView, ticked: this.#view.ticked }, true));
    document.addEventListener('click', (event) => this.clicked(event));
    document.addEventListener('keydown', (event) => this.pressed(event));
    addEventListener('hashchange', () => this.set(viewOf(location.hash), true));
    document.documentElement.dataset.ready = 'true';
    performance.mark('ready');
  }

  set(change: Partial<View>, toolsToo = false): void {
    const kind = this.#view.rows;
    this.#view = { ...this.#view, ...change };
    const hash = hashOf(this.#view);
    history.replaceState(null, '', hash === '' ? location.pathname + location.search : `#${hash}`);
    if (toolsToo || this.#view.rows !== kind) this.drawTools();
    this.draw();
  }

  draw(): void {
    drawLists(this.index, this.#view);
    const tray = document.getElementById('tray');
    if (tray) tray.innerHTML = trayHtml(this.#view);
    this.#drawing = this.drawComparison();
  }

  /** Draws the comparison where it is asked for and its runs are not those that are drawn. */
  async drawComparison(): Promise<void> {
    const place = document.getElementById('compare');
    if (!place) return;
    const asked = this.#view.comparing ? this.#view.ticked.join(',') : '';
    if (asked === this.#compared) return;
    this.#compared = asked;
    const all = asked === '' ? [] : await comparedOf(this.index, this.#view.ticked, openSprint);
    if (asked !== this.#compared) return;
    place.innerHTML = all.length > 0 ? compareHtml(all, this.index) : '';
    place.hidden = all.length === 0;
  }

  /** Opens the comparison and takes the reader there, or closes it and takes the reader back. */
  async compare(comparing: boolean): Promise<void> {
    this.set({ comparing });
    await this.#drawing;
    if (comparing) document.getElementById('comparing')?.focus();
    else this.tools.querySelector<HTMLElement>('[name="text"]')?.focus();
  }

  drawTools(): void {
    const name = document.activeElement?.getAttribute('name');
    const value = document.activeElement?.getAttribute('value');
    this.tools.innerHTML = toolsHtml(this.index, this.#view);
    const all = [...this.tools.querySelectorAll<HTMLElement>('[name]')].filter(
      (each) => each.getAttribute('name') === name,
    );
    (all.find((each) => each.getAttribute('value') === value) ?? all[0])?.focus();
  }

  fromTools(): void {
    const form = this.tools.querySelector('form');
    if (!form) return;
    const sort = new FormData(form).get('sort');
    const change = asked(form);
    this.set(sort === this.#view.sort ? change : { ...change, sort: String(sort), down: true });
  }

  clicked({ target }: MouseEvent): void {
    const pressed = target instanceof Element ? target.closest<HTMLElement>('[data-act]') : null;
    const { act, key = '', run = '', sprint = '', file = '' } = pressed?.dataset ?? {};
    const { sort, down, ticked, open } = this.#view;
    if (act === 'save') void save(file, this.index);
    // Numbers are asked for from the largest; the same heading again turns the order round.
    if (act === 'sort') this.set({ sort: key, down: sort === key ? !down : key !== 'title' }, true);
    if (act === 'tick') this.set({ ticked: toggled(ticked, run).slice(0, MOST_RUNS) });
    if (act === 'compare') void this.compare(true);
    if (act === 'close') void this.compare(false);
    if (act === 'untick') this.set({ ticked: [], comparing: false });
    if (act === 'all') this.set({ all: true });
    if (act === 'open') this.set({ open: toggled(open, sprint) });
  }

  pressed(event: KeyboardEvent): void {
    if (event.key === 'Escape' && this.#view.comparing) void this.compare(false);
    const writing = event.target instanceof HTMLInputElement || event.target instanceof HTMLSelectElement;
    if (event.key !== '/' || writing || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    this.tools.querySelector<HTMLElement>('[name="text"]')?.focus();
  }
}

const toggled = (list: readonly string[], one: string): string[] =>
  list.includes(one) ? list.filter((each) => each !== one) : [...list, one];

async function start(): Promise<void> {
  reloadLater();
  const index = await openIndex();
  const tools = document.getElementById('tools');
  if (index && tools) new Notebook(index, tools);
}

void start();
