const ours = (family: string): string =>
  /mono|courier|consol/i.test(family) ? 'JetBrains Mono' : 'Source Sans 3';

/** An SVG with its words in the fonts of the report: those that it names differ from machine to machine. */
export function withOurFonts(svg: string): string {
  const named = svg
    .replace(/font-family\s*=\s*(?:"([^"]*)"|'([^']*)')/g, (_, double, single) => {
      return `font-family="${ours(double ?? single)}"`;
    })
    .replace(/font-family\s*:\s*([^;{}<>"]*)/g, (_, family) => `font-family: '${ours(family)}'`)
    .replace(/(font\s*:\s*[^;{}<>"]*?[\d.]+(?:px|pt|em|rem|%))\s+([^;{}<>"]*)/g, (_, start, family) => {
      return `${start} '${ours(family)}'`;
    });
  // For words that name no font at all.
  return named.replace(/<svg(?=[\s>])(?![^>]*\sfont-family=)/, '<svg font-family="Source Sans 3"');
}
