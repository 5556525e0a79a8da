import { openIndex } from './open.ts';
import { reloadLater } from './reload.ts';
import { save, saveButtons } from './save.ts';

/**
 * The script of the notebook. The page is complete without it; with it, what the page holds can be worked
 * with.
 */
async function main(): Promise<void> {
  reloadLater();
  const index = await openIndex();
  const tools = document.getElementById('tools');
  if (!index || !tools) return;
  tools.innerHTML = `<p>Save: ${saveButtons()}</p>`;
  tools.hidden = false;
  document.addEventListener('click', (event) => {
    const button = event.target instanceof Element ? event.target.closest<HTMLElement>('[data-act]') : null;
    if (button?.dataset.act === 'save') void save(button.dataset.file ?? '', index);
  });
}

void main();
