/**
 * Chinese characters in Latin words and numbers, where a letter or sign of another encoding was read as GB18030:
 * `Sch黮er` for `Schüler` in Windows-1252, `caf茅` for `café` in UTF-8, `25癈` for `25°C`, `銆€` for the wide blank of UTF-8.
 */
import { isCommon, isHan } from './common-characters.ts'

/** Whether a Chinese character is glued between its neighbours; `lead` is its first byte in GB 2312, if it has any. */
type GluedTest = (character: string, lead: number | undefined, before: string, after: string) => boolean

const latin = /^[A-Za-z]$/
const small = /^[a-z]$/
const word = /^[A-Za-z0-9]$/

/** The second part of GB 2312, whose characters are rare in words such as `T恤`. */
const secondPartMin = 0xd8

export function buildGluedTest(): GluedTest {
  const { letters, signs, capitals } = buildTwins()
  return (character, lead, before, after) => {
    if (lead === undefined && (latin.test(before) || small.test(after) || after === '€')) return true
    if (lead === undefined && capitals.has(character) && word.test(before)) return true
    if ((lead ?? 0) >= secondPartMin && latin.test(before) && small.test(after)) return true
    if (isHan(before) || isHan(after)) return false
    if (letters.has(character)) return small.test(before) || small.test(after)
    return (
      (signs.has(character) && (word.test(before) || word.test(after))) ||
      (character === '鲁' && before === 'm')
    )
  }
}

/** Characters whose bytes are one Latin letter or sign in UTF-8; and those that end with a capital: `癈` is `°C`. */
function buildTwins(): Readonly<Record<'letters' | 'signs' | 'capitals', ReadonlySet<string>>> {
  const decoder = new TextDecoder('gb18030')
  const [letters, signs, capitals] = [new Set<string>(), new Set<string>(), new Set<string>()]
  for (let code = 0xa0; code <= 0x24f; code++) {
    const letter = String.fromCharCode(code)
    const character = decoder.decode(new TextEncoder().encode(letter))
    if (/\p{L}/u.test(letter)) letters.add(character)
    else if (!isCommon(character)) signs.add(character)
  }
  for (const sign of '°')
    for (const capital of 'CFK') capitals.add(decoder.decode(Buffer.from(sign + capital, 'latin1')))
  return { letters, signs, capitals }
}
