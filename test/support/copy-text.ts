/**
 * Reads COPY's text format as its documentation describes it, character by character, to test what we write.
 */

const escaped: Readonly<Record<string, string>> = { b: '\b', f: '\f', n: '\n', r: '\r', t: '\t', v: '\v' }

/** The rows of a COPY text; `none` is how it writes null. */
export function decodeCopy(text: string, none = '\\N'): (string | null)[][] {
  return text
    .split('\n')
    .slice(0, -1)
    .map((line) =>
      line
        .split('\t')
        .map((value) =>
          value === none
            ? null
            : value.replace(/\\(.)/g, (_all, character: string) => escaped[character] ?? character),
        ),
    )
}
