// Reads a PDF from standard input and writes what it says as JSON, at most as many characters as its argument
// says. convert.ts starts it: a PDF comes from anywhere, and may crash its reader, hang it or fill its
// memory.
import { buffer } from 'node:stream/consumers';

const most = Number(process.argv[2]);
const data = new Uint8Array(await buffer(process.stdin));
const { getDocument } = await import('unpdf/pdfjs');

const say = (answer) => process.stdout.write(JSON.stringify(answer));
try {
  const pdf = await getDocument({
    ...{ data, verbosity: 0 },
    // Nothing of the file is run, drawn or fetched.
    ...{ isEvalSupported: false, useWasm: false, disableFontFace: true, useSystemFonts: false },
    ...{ useWorkerFetch: false, stopAtErrors: false },
  }).promise;
  const { info } = await pdf.getMetadata().catch(() => ({}));
  let text = '';
  let read = 0;
  let words = false;
  while (read < pdf.numPages && text.length < most) {
    const page = await pdf.getPage(++read);
    const { items } = await page.getTextContent().catch(() => ({ items: [] }));
    const own = items.map((item) => `${item.str ?? ''}${item.hasEOL ? '\n' : ''}`).join('');
    words ||= own.trim() !== '';
    text += `[page ${read}]\n${own.trim()}\n\n`;
    page.cleanup();
  }
  const title = typeof info?.Title === 'string' ? info.Title.slice(0, 1000) : '';
  say({ title, pages: pdf.numPages, read, text: words ? text.slice(0, most) : '', cut: text.length > most });
} catch (error) {
  say({ trouble: error?.name === 'PasswordException' ? 'it is encrypted' : 'it is broken, or is no PDF' });
}
process.exit(0);
