/** Widths of texts in terminal columns, where Chinese characters take two. */

const wide = /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe4f\uff00-\uff60\uffe0-\uffe6]/

/** Width of a text in terminal columns: Chinese and full-width characters take two. */
export function widthOf(text: string): number {
  let width = 0
  for (const character of text) width += wide.test(character) ? 2 : 1
  return width
}

/** Words with their blanks; a Chinese character breaks like a word, and takes the punctuation around it along. */
const pieces =
  /\s*(?:[“‘（《「]*[\u2e80-\u9fff\uf900-\ufaff]|(?:(?![\u2e80-\u9fff\uf900-\ufaff])\S)+)[，。、；：？！”’）》」…]*/gu

/** Breaks a text into lines of a width. Words that are longer stay whole. */
export function wrap(text: string, width: number): string {
  return text
    .split('\n')
    .map((line) => {
      const lines: string[] = []
      let current = ''
      for (const piece of line.match(pieces) ?? []) {
        if (current !== '' && widthOf(current + piece) > width) {
          lines.push(current)
          current = piece.trimStart()
        } else current += piece
      }
      return [...lines, current].join('\n')
    })
    .join('\n')
}

/** The beginning of a text that fits into a width. */
export function cut(text: string, width: number): string {
  let [used, shown] = [0, '']
  for (const character of text) {
    used += widthOf(character)
    if (used > width) return shown
    shown += character
  }
  return shown
}
