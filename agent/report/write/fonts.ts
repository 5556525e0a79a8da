import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { inflateSync } from 'node:zlib';

const require = createRequire(import.meta.url);

export interface FontFace {
  family: string;
  weight: 400 | 600 | 700;
  style: 'normal' | 'italic';
  file: string;
}

const sourceSans = (
  weight: 400 | 600 | 700,
  name: string,
  style: 'normal' | 'italic' = 'normal',
): FontFace => ({
  family: 'Source Sans 3',
  weight,
  style,
  file: `@expo-google-fonts/source-sans-3/${name}/SourceSans3_${name}.ttf`,
});

/** The font faces of text, in PDF and HTML. */
export const faces: FontFace[] = [
  sourceSans(400, '400Regular'),
  sourceSans(400, '400Regular_Italic', 'italic'),
  sourceSans(600, '600SemiBold'),
  sourceSans(700, '700Bold'),
  {
    family: 'JetBrains Mono',
    weight: 400,
    style: 'normal',
    file: '@expo-google-fonts/jetbrains-mono/400Regular/JetBrainsMono_400Regular.ttf',
  },
];

/** Signs and emoji that those faces lack. */
export const signs: FontFace[] = [
  {
    family: 'Noto Sans Math',
    weight: 400,
    style: 'normal',
    file: '@fontsource/noto-sans-math/files/noto-sans-math-latin-400-normal.woff',
  },
  {
    family: 'Noto Emoji',
    weight: 400,
    style: 'normal',
    file: '@expo-google-fonts/noto-emoji/400Regular/NotoEmoji_400Regular.ttf',
  },
];

/** The TrueType font of a face. */
export function fontFile({ file }: FontFace): Buffer {
  // Found by the package's manifest, since its exports do not list the font files.
  const [scope, name, ...rest] = file.split('/');
  const root = require.resolve(`${scope}/${name}/package.json`);
  const bytes = readFileSync(root.replace(/package\.json$/, rest.join('/')));
  return file.endsWith('.woff') ? unpackWoff(bytes) : bytes;
}

/**
 * Unpacks WOFF 1.0 to the TrueType font in it: each table is inflated and the directory is rewritten.
 * Source: W3C, WOFF File Format 1.0, sections 3 to 5.
 */
export function unpackWoff(woff: Buffer): Buffer {
  const count = woff.readUInt16BE(12);
  const tables = Array.from({ length: count }, (_, index) => {
    const at = 44 + 20 * index;
    const start = woff.readUInt32BE(at + 4);
    const packed = woff.subarray(start, start + woff.readUInt32BE(at + 8));
    const length = woff.readUInt32BE(at + 12);
    return {
      tag: woff.toString('latin1', at, at + 4),
      checksum: woff.readUInt32BE(at + 16),
      data: packed.length < length ? inflateSync(packed) : packed,
    };
  });
  return packSfnt(woff.readUInt32BE(4), tables);
}

export interface SfntTable {
  tag: string;
  checksum: number;
  data: Buffer;
}

/**
 * Writes the offset table, the directory and the tables, aligned to four bytes. Source: OpenType, "Font
 * file".
 */
export function packSfnt(flavour: number, tables: readonly SfntTable[]): Buffer {
  const header = Buffer.alloc(12 + 16 * tables.length);
  const power = 2 ** Math.floor(Math.log2(tables.length));
  header.writeUInt32BE(flavour, 0);
  header.writeUInt16BE(tables.length, 4);
  header.writeUInt16BE(power * 16, 6);
  header.writeUInt16BE(Math.log2(power), 8);
  header.writeUInt16BE((tables.length - power) * 16, 10);
  const parts: Buffer[] = [header];
  let offset = header.length;
  tables.forEach(({ tag, checksum, data }, index) => {
    const at = 12 + 16 * index;
    header.write(tag, at, 'latin1');
    header.writeUInt32BE(checksum, at + 4);
    header.writeUInt32BE(offset, at + 8);
    header.writeUInt32BE(data.length, at + 12);
    const padding = Buffer.alloc((4 - (data.length % 4)) % 4);
    parts.push(data, padding);
    offset += data.length + padding.length;
  });
  return Buffer.concat(parts);
}
