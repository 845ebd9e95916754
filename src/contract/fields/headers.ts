/** Headers as they are compared: what differs only in width, case, quotes or blanks is the same header. */

// NFKC turns ″ into two single primes, so that the quotes have to be mapped before it.
const quotes: Readonly<Record<string, string>> = {
  '″': '"',
  '“': '"',
  '”': '"',
  '′': "'",
  '‘': "'",
  '’': "'",
}

/** A header in its comparable form: quotes mapped, NFKC, no blanks or marks, `×` and `*` as `x`, lower case. */
export function normaliseHeader(header: string): string {
  return header
    .replace(/[″“”′‘’]/g, (quote) => quotes[quote] ?? quote)
    .normalize('NFKC')
    .replace(/[\s\u200b\ufeff]/g, '')
    .replace(/[×*]/g, 'x')
    .toLowerCase()
}
