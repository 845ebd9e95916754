/** Normalises headers for comparison: differences in width, case, quotes or blanks are ignored. */

// NFKC turns ″ into two single primes, so quotes are mapped before it.
const quotes: Readonly<Record<string, string>> = {
  '″': '"',
  '“': '"',
  '”': '"',
  '′': "'",
  '‘': "'",
  '’': "'",
}

/** A header's comparable form: quotes mapped, NFKC, no blanks or marks, `×` and `*` as `x`, lower case. */
export function normaliseHeader(header: string): string {
  return header
    .replace(/[″“”′‘’]/g, (quote) => quotes[quote] ?? quote)
    .normalize('NFKC')
    .replace(/[\s\u200b\ufeff]/g, '')
    .replace(/[×*]/g, 'x')
    .toLowerCase()
}
