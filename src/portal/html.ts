/** HTML by a tagged template that escapes whatever is put in, so that a title from a contract can't become markup. */

/** A piece of markup that is already safe. Made in this file alone. */
export class Html {
  readonly text: string

  constructor(text: string) {
    this.text = text
  }

  toString(): string {
    return this.text
  }
}

export type Piece = Html | string | number | false | undefined | readonly Piece[]

/**
 * Builds markup. Text and numbers are escaped, for content and for quoted attributes alike; `false` and `undefined`
 * become nothing; lists are joined. Attributes must be quoted, and addresses go through `link`.
 */
export function html(strings: TemplateStringsArray, ...pieces: readonly Piece[]): Html {
  return new Html(strings.reduce((text, string, i) => text + render(pieces[i - 1]) + string))
}

function render(piece: Piece): string {
  if (piece === undefined || piece === false) return ''
  if (piece instanceof Html) return piece.text
  if (typeof piece === 'object') return piece.map(render).join('')
  return String(piece).replace(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`)
}

/**
 * Data for machines inside a page, in JSON-LD. A script of a type that is no script's is a data block: browsers never run it,
 * and the policy of pages leaves it alone (https://html.spec.whatwg.org/multipage/scripting.html#data-block). No text in it
 * can end the element.
 */
export function jsonLd(data: object): Html {
  const text = JSON.stringify(data).replace(/</g, '\\u003c')
  return new Html(`<script type="application/ld+json">${text}</script>\n`)
}

/** An address fit for href: on this service or by http(s). Anything else, such as `javascript:`, becomes `#`. */
export function link(address: string): string {
  return /^(https?:\/\/|\/(?!\/)|#)/i.test(address) && !/[\s\\]/.test(address) ? address : '#'
}
