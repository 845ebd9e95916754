/** Finds the texts that source code passes to functions, with `{}` for each value of a template. */

/** The texts in the arguments of calls whose name matches; texts joined by `+` are one. */
export function textsPassed(source: string, calls: RegExp): readonly string[] {
  const found: string[] = []
  for (const match of source.matchAll(calls)) {
    const end = match.index + match[0].length
    const isTag = match[0].endsWith('`')
    scan(source, isTag ? end - 1 : end, found, isTag)
  }
  return found.map((text) => text.trim())
}

/** Reads from a position to the parenthesis or brace that closes it, and collects texts. Returns the position after. */
function scan(source: string, from: number, found: string[], isTag = false): number {
  let depth = 0
  let [joins, isFirst] = [false, true]
  for (let at = from; at < source.length; at++) {
    const character = source[at] ?? ''
    if (character === '/' && source[at + 1] === '/') at = source.indexOf('\n', at)
    else if (/['"`]/.test(character)) {
      const read = readText(source, at, found)
      if (joins && !isFirst) found[found.length - 1] += read.text
      else found.push(read.text)
      ;[at, joins, isFirst] = [read.end - 1, false, false]
      if (isTag) return at
    } else if (/[([{]/.test(character)) depth += 1
    else if (/[)\]}]/.test(character)) {
      if (depth === 0) return at
      depth -= 1
    } else if (character === '+') joins = true
    else if (/\S/.test(character)) joins = false
  }
  return source.length
}

function readText(source: string, from: number, found: string[]) {
  const quote = source[from]
  let text = ''
  const inner: string[] = []
  let at = from + 1
  for (; at < source.length && source[at] !== quote; at++) {
    if (source[at] === '\\') {
      at += 1
      text += source[at] === 'n' ? '\n' : source[at]
    } else if (quote === '`' && source.startsWith('${', at)) {
      at = scan(source, at + 2, inner)
      text += '{}'
    } else text += source[at]
  }
  // Texts inside the values come before, so that a text joined by `+` is the last.
  found.push(...inner)
  return { text, end: at + 1 }
}
