import { closeSync, fstatSync, openSync, readFileSync } from 'node:fs';
import { isAbsolute } from 'node:path';
import type { Block } from '../document/tree.ts';
import { findFile } from './files.ts';
import { limits } from './guards.ts';

type Figure = Extract<Block, { t: 'figure' }>;
type Missing = Extract<Block, { t: 'missing' }>;

/** Turns an image of the researcher's Markdown into a figure, or into a placeholder with the reason. */
export type ImageReader = (href: string, alt: string) => Figure | Missing;

/**
 * Reads pictures inside one folder only, by their real path, so that no symlink leads out, and never from
 * the network. The format (PNG, JPEG, GIF or SVG) is told by the bytes, not by the name.
 */
export function imageReader(folder: string): ImageReader {
  let read = 0;
  let pixels = 0;
  let all = 0;
  return (href, alt) => {
    const missing = (why: string): Missing => ({ t: 'missing', what: alt || href.slice(0, 120), why });
    if (/^\s*data:/i.test(href)) return missing('a data: address; save the picture in the sprint folder');
    if (/^\s*([a-z][a-z0-9+.-]*:|\/\/)/i.test(href)) return missing('not in the sprint folder');
    if (read >= limits.images) return missing(`only the first ${limits.images} pictures are shown`);
    const found = findFile(folder, href);
    if (found === null) return missing('not found');
    const { path, name } = found;
    if (name === '' || name.startsWith('..') || isAbsolute(name)) return missing('outside the sprint folder');
    let bytes: Buffer;
    try {
      const fd = openSync(path, 'r');
      try {
        const stat = fstatSync(fd);
        if (!stat.isFile()) return missing('not a file');
        if (stat.size > limits.imageBytes)
          return missing(`larger than ${limits.imageBytes / 1024 / 1024} MB`);
        bytes = readFileSync(fd);
      } finally {
        closeSync(fd);
      }
    } catch {
      return missing('not found');
    }
    const mime = mimeOf(bytes);
    if (mime === null) return missing('not a PNG, JPEG, GIF or SVG');
    if (mime === 'image/svg+xml' && reachesOut(bytes.toString('utf8'))) {
      return missing('an SVG that refers to something outside itself');
    }
    const size = pixelsOf(bytes, mime);
    if (size > limits.pixels) return missing(`more than ${limits.pixels / 1e6} million pixels`);
    if (pixels + size > limits.allPixels)
      return missing(`all pictures together have more than ${limits.allPixels / 1e6} million pixels`);
    if (all + bytes.length > limits.allImageBytes)
      return missing(`all pictures together are larger than ${limits.allImageBytes / 1024 / 1024} MB`);
    all += bytes.length;
    pixels += size;
    read++;
    const picture = { kind: 'file', name, mime, base64: bytes.toString('base64') } as const;
    return { t: 'figure', picture, alt, caption: null };
  };
}

/** As the head of the file says; 0 where it has no size. */
function pixelsOf(bytes: Buffer, mime: string): number {
  const { length } = bytes;
  if (mime === 'image/png' && length >= 24) return bytes.readUInt32BE(16) * bytes.readUInt32BE(20);
  if (mime === 'image/gif' && length >= 10) return bytes.readUInt16LE(6) * bytes.readUInt16LE(8);
  if (mime !== 'image/jpeg') return 0;
  // Segments: 0xff, a kind, a length of two bytes; those of the kind SOF hold height and width.
  for (let at = 2; at + 9 < length && bytes[at] === 0xff; at += 2 + bytes.readUInt16BE(at + 2)) {
    const kind = bytes[at + 1] ?? 0;
    if (kind >= 0xc0 && kind <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(kind))
      return bytes.readUInt16BE(at + 5) * bytes.readUInt16BE(at + 7);
  }
  return 0;
}

function mimeOf(bytes: Buffer) {
  if (bytes.subarray(0, 8).equals(Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a])))
    return 'image/png';
  if (bytes[0] === 0xff && bytes[1] === 0xd8 && bytes[2] === 0xff) return 'image/jpeg';
  if (/^GIF8[79]a$/.test(bytes.toString('latin1', 0, 6))) return 'image/gif';
  if (/^\ufeff?\s*(<\?xml[^>]*>\s*)?(<!--.*?-->\s*|<!DOCTYPE[^>[]*>\s*)*<svg[\s>]/s.test(head(bytes)))
    return 'image/svg+xml';
  return null;
}

const head = (bytes: Buffer) => bytes.toString('utf8', 0, 4096);

/** Whether an SVG loads anything: the PDF's compiler would read the local files that an `href` names. */
function reachesOut(svg: string): boolean {
  if (/<!ENTITY|<script|<foreignObject|@import/i.test(svg)) return true;
  const references = [
    ...svg.matchAll(/\bhref\s*=\s*(?:"([^"]*)"|'([^']*)')/gi),
    ...svg.matchAll(/url\(\s*(?:"([^"]*)"|'([^']*)'|([^)"']*))/gi),
  ].map((match) => (match[1] ?? match[2] ?? match[3] ?? '').trim());
  return references.some((to) => !to.startsWith('#') && !/^data:image\/(png|jpeg|gif)[;,]/i.test(to));
}
