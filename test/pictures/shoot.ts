import { existsSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import puppeteer, { type BoundingBox, type Browser, type Page } from 'puppeteer-core';
import { UserError } from '#contract/errors';
import { MOST_BYTES } from './names.ts';

/** Two dots of the picture for one of the page, where its file stays small enough. */
const SCALES = [2, 1.5, 1];
const TALL = 6000;
const MARGIN = 16;

export async function openBrowser(): Promise<Browser> {
  const chromium = ['chromium', 'chromium-browser', 'google-chrome']
    .flatMap((name) => (process.env.PATH ?? '').split(delimiter).map((folder) => join(folder, name)))
    .find((path) => existsSync(path));
  if (!chromium) throw new UserError('no Chromium is on the PATH; install it (apt-get install chromium)');
  // Root has no sandbox of its own in most containers.
  return puppeteer.launch({ executablePath: chromium, args: ['--no-sandbox', '--disable-gpu'] });
}

/** A part of a page: an address, the width of the window, and at most so many of its lines. */
export interface Shot {
  address: string;
  width: number;
  height: number;
  /** What has to be there before the picture is taken. */
  ready: string;
  /** The first and the last element that are shown; absent: the page from its beginning. */
  of?: readonly [from: string, to: string];
}

/** Takes a picture of a part of a page, as sharp as the bound on its bytes allows. Returns its bytes. */
export async function shoot(browser: Browser, shot: Shot, file: string): Promise<number> {
  for (const scale of SCALES) {
    const page = await browser.newPage();
    const picture = await taken(page, shot, scale);
    await page.close();
    if (picture.length > MOST_BYTES) continue;
    writeFileSync(file, picture);
    return picture.length;
  }
  throw new Error(`${file}: larger than ${MOST_BYTES} bytes at any scale`);
}

async function taken(page: Page, { address, width, height, ready, of }: Shot, scale: number) {
  // What sticks to the end of the window is beyond the part that is shown.
  await page.setViewport({ width, height: of ? TALL : height, deviceScaleFactor: scale });
  await page.emulateMediaFeatures([{ name: 'prefers-color-scheme', value: 'light' }]);
  await page.goto(address);
  await page.waitForSelector(ready);
  await page.evaluate(() => document.fonts.ready.then(() => scrollTo(0, 0)));
  const boxes = await Promise.all((of ?? []).map(async (each) => (await page.$(each))?.boundingBox()));
  const [from, to] = boxes;
  if (of && !(from && to)) throw new Error(`${address}: has no ${of.join(' or no ')}`);
  const clip = from && to ? around(from, to) : { x: 0, y: 0, width, height };
  return page.screenshot({ clip, captureBeyondViewport: true });
}

/** From the beginning of one box to the end of another, with a margin where there is room. */
function around(from: BoundingBox, to: BoundingBox): BoundingBox {
  const [x, y] = [Math.max(0, from.x - MARGIN), Math.max(0, from.y - MARGIN)];
  const [right, bottom] = [to.x + to.width, to.y + to.height].map((end, at) =>
    (at === 0 ? x : y) > 0 ? end + MARGIN : end,
  ) as [number, number];
  return { x, y, width: right - x, height: bottom - y };
}
