/** Wildcards of Solr: `*` is any text, `?` one character. Matched without a regular expression, in bounded time. */

/** A character of a pattern: itself, any character, or any text. */
type Piece = string | typeof anyCharacter | typeof anyText

const anyCharacter = Symbol('?')
const anyText = Symbol('*')

/** The test of a pattern whose `\\` quotes the next character. It must match the whole text. */
export function wildcardTest(pattern: string): (text: string) => boolean {
  const pieces: Piece[] = [...pattern.matchAll(/\\(.)|(.)/gsu)].map(([, quoted, plain = '']) => {
    if (quoted !== undefined) return quoted
    return plain === '*' ? anyText : plain === '?' ? anyCharacter : plain
  })
  return (text) => matches(pieces, [...text])
}

/** If the rest does not match, the last `*` takes one character more; earlier ones never need to. */
function matches(pieces: readonly Piece[], text: readonly string[]): boolean {
  let [at, piece, star, taken] = [0, 0, -1, 0]
  while (at < text.length) {
    const wanted = pieces[piece]
    if (wanted === anyText) {
      star = piece
      taken = at
      piece += 1
    } else if (wanted === anyCharacter || wanted === text[at]) {
      at += 1
      piece += 1
    } else if (star >= 0) {
      piece = star + 1
      taken += 1
      at = taken
    } else return false
  }
  return pieces.slice(piece).every((rest) => rest === anyText)
}
