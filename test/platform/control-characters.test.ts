import t from 'tap'
import {
  controlCharacterIn,
  mayHoldControlCharacter,
  withoutControlCharacters,
} from '../../src/platform/control-characters.ts'

t.test('the bytes and the text agree on every character of the basic planes', async (t) => {
  const differing: string[] = []
  const found: number[] = []
  for (let code = 0; code < 0xe_0100; code++) {
    if (code >= 0xd800 && code < 0xe000) continue
    const text = `a${String.fromCodePoint(code)}b`
    const bytes = Buffer.from(text)
    const [strict, quick] = [controlCharacterIn(text), mayHoldControlCharacter(bytes, 0, bytes.length)]
    if (strict !== undefined) found.push(code)
    // The quick test may be wrong in one direction only: the strict reader then decides.
    if (strict !== undefined && !quick) differing.push(strict)
  }
  t.same(differing, [])
  t.ok(
    [0, 0x1b, 0x7f, 0x85, 0x61c, 0x200e, 0x2028, 0x202e, 0x2066, 0xfffd, 0xe0001].every((code) =>
      found.includes(code),
    ),
  )
  t.notOk(
    [0x09, 0x0a, 0x0d, 0x20, 0xa0, 0x200c, 0x200d, 0x201c, 0x2014, 0x4e00].some((code) =>
      found.includes(code),
    ),
  )
  const plain = Buffer.from('“清单”—第 1 项…\u200d（甲），￥')
  t.equal(
    mayHoldControlCharacter(plain, 0, plain.length),
    false,
    'Chinese punctuation stays on the fast path',
  )
})

t.test('a character is named, and replaced in pages', async (t) => {
  t.equal(controlCharacterIn('a\u202eb'), 'U+202E')
  t.equal(withoutControlCharacters('a\u202eb\u0007\tc'), 'a\ufffdb\ufffd\tc')
})
