/**
 * From components to the text of a page. Preact escapes every text and attribute, so no title from a contract can
 * become markup; this file adds what it does not do: safe addresses, control characters, data blocks.
 */
import type { ComponentChildren, JSX } from 'preact'
import { renderToString } from 'preact-render-to-string'
import { withoutControlCharacters } from '../platform/control-characters.ts'

/** What a component returns. */
export type Html = JSX.Element
/** What may stand between two tags. */
export type Content = ComponentChildren

/** A document as text. Control characters become U+FFFD, so that no cell reorders a page. */
export function renderDocument(document: Html): string {
  return `<!doctype html>\n${withoutControlCharacters(renderToString(document))}\n`
}

/** A URL for href: a path of this service or http(s). Anything else, such as `javascript:`, becomes `#`. */
export function link(address: string): string {
  return /^(https?:\/\/|\/(?!\/)|#)/i.test(address) && !/[\s\\]/.test(address) ? address : '#'
}

/**
 * Embeds JSON-LD in a page. A script element of a data type is a data block: browsers don't run it, and the
 * content security policy does not apply (https://html.spec.whatwg.org/multipage/scripting.html#data-block).
 * `<` is escaped, so that no text can end the element.
 */
export function JsonLd({ data }: { readonly data: object }): Html {
  const text = JSON.stringify(data).replace(/</g, '\\u003c')
  return <script type="application/ld+json" dangerouslySetInnerHTML={{ __html: text }} />
}
