/** Commands of packages that language models use as if they were always there. */
export const macros = {
  '\\E': '\\mathbb{E}',
  '\\1': '\\mathbb{1}',
  '\\mathbbm': '\\mathbb{#1}',
  '\\mathds': '\\mathbb{#1}',
  '\\Var': '\\operatorname{Var}',
  '\\sign': '\\operatorname{sign}',
  '\\ensuremath': '#1',
  '\\nonumber': '',
};

/** What TeX would refuse or drop, and what is meant. */
export const mend = (tex: string): string =>
  tex
    // A comment in TeX; in a formula of a report, a share.
    .replace(/(?<!\\)%/g, '\\%')
    .replace(/\\(text(?:rm|bf|it|tt|sf)?|operatorname\*?|mbox)\{([^{}$]*)\}/g, (_, command, words) => {
      const escaped = words.replace(/(?<!\\)[_#&]/g, '\\$&');
      return `\\${command === 'mbox' ? 'text' : command}{${escaped}}`;
    })
    .replace(
      /\\DeclareMathOperator\*?\s*\{?(\\\w+)\}?\s*\{([^{}]*)\}/g,
      '\\newcommand{$1}{\\operatorname*{$2}}',
    )
    .replace(/\\(begin|end)\{eqnarray(\*?)\}/g, '\\$1{align$2}')
    .replace(/&\s*(=|\\[lg]eq?|\\approx|<|>)\s*&/g, '&$1 ');

/**
 * Names with two underscores, as in code: TeX refuses `x_a_b`, and reads `k_aux_loss` as three indices.
 * `words` takes only those of words, which are no product of indices.
 */
export const mendNames = (tex: string, words = false): string =>
  tex.replace(words ? ofWords : ofAny, (_, base, index) => {
    return `${base}_{\\text{${index.replaceAll('_', '\\_')}}}`;
  });
const ofWords = /(?<![\\\w])([A-Za-z]+)_([A-Za-z]{2,}(?:_[A-Za-z]{2,})+)(?!\w)/g;
const ofAny = /(?<![\\\w])([A-Za-z]+)_([A-Za-z0-9]+(?:_[A-Za-z0-9]+)+)/g;
