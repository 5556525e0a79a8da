/**
 * Loads the page again after the seconds that it asks for, while a loop runs. Not while somebody writes or
 * marks a text: the next time is soon.
 */
export function reloadLater(): void {
  const seconds = Number(document.body.dataset.refresh);
  if (!(seconds > 0)) return;
  setInterval(() => {
    const busy =
      document.activeElement instanceof HTMLInputElement ||
      document.activeElement instanceof HTMLSelectElement ||
      !(getSelection()?.isCollapsed ?? true);
    if (!busy && !document.hidden) location.reload();
  }, seconds * 1000);
}
