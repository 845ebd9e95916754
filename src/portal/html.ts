/** HTML by a tagged template that escapes its values, so that no title from a contract can become markup. */
import { withoutControlCharacters } from '../platform/control-characters.ts'

/** Markup that is safe to insert. Only this file creates it. */
export class Html {
  readonly text: string

  constructor(text: string) {
    this.text = text
  }

  toString(): string {
    return this.text
  }
}

type Piece = Html | string | number | false | undefined | readonly Piece[]

/**
 * Builds markup. Text and numbers are escaped, in content and in quoted attributes; `false` and `undefined`
 * become nothing; lists are joined. Control characters become U+FFFD, so that no cell reorders a page. Attributes must be quoted, and URLs must go through `link`.
 */
export function html(strings: TemplateStringsArray, ...pieces: readonly Piece[]): Html {
  return new Html(strings.reduce((text, string, i) => text + render(pieces[i - 1]) + string))
}

function render(piece: Piece): string {
  if (piece === undefined || piece === false) return ''
  if (piece instanceof Html) return piece.text
  if (typeof piece === 'object') return piece.map(render).join('')
  return withoutControlCharacters(String(piece)).replace(
    /[&<>"']/g,
    (character) => `&#${character.charCodeAt(0)};`,
  )
}

/**
 * Embeds JSON-LD in a page. A script element of a data type is a data block: browsers don't run it, and the
 * content security policy does not apply (https://html.spec.whatwg.org/multipage/scripting.html#data-block).
 * `<` is escaped, so that no text can end the element.
 */
export function jsonLd(data: object): Html {
  const text = JSON.stringify(data).replace(/</g, '\\u003c')
  return new Html(`<script type="application/ld+json">${text}</script>\n`)
}

/** A URL for href: a path of this service or http(s). Anything else, such as `javascript:`, becomes `#`. */
export function link(address: string): string {
  return /^(https?:\/\/|\/(?!\/)|#)/i.test(address) && !/[\s\\]/.test(address) ? address : '#'
}
