/**
 * Rows in the text format of COPY (https://www.postgresql.org/docs/current/sql-copy.html, "Text Format"):
 * fields separated by tabs, rows ended by LF, null as `\N`, special characters escaped by a backslash.
 */

const escapes: Readonly<Record<string, string>> = {
  '\\': '\\\\',
  '\b': '\\b',
  '\f': '\\f',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\v': '\\v',
}

/**
 * Encodes rows of canonical texts and nulls. The texts contain no NUL, which Postgres cannot store in text.
 * If `none` is another text for null, COPY needs the same setting, and no value may be that text.
 */
export function encodeCopy(rows: Iterable<readonly (string | null)[]>, none = '\\N'): string {
  let text = ''
  for (const row of rows) {
    for (const [index, value] of row.entries()) {
      if (index > 0) text += '\t'
      text += value === null ? none : escapeCopy(value)
    }
    text += '\n'
  }
  return text
}

/** A value as COPY reads it. */
export function escapeCopy(value: string): string {
  return isPlain(value) ? value : value.replace(/[\\\b\f\n\r\t\v]/g, (sign) => escapes[sign] ?? sign)
}

/** Longer texts are searched by a regular expression, which takes as long for a short one as this loop for a dozen. */
const shortMax = 12

function isPlain(value: string): boolean {
  if (value.length > shortMax) return !/[\\\b\f\n\r\t\v]/.test(value)
  for (let at = 0; at < value.length; at++) {
    const code = value.charCodeAt(at)
    if (code === 0x5c || (code >= 0x08 && code <= 0x0d)) return false
  }
  return true
}
