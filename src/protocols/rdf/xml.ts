/**
 * A graph as RDF/XML (https://www.w3.org/TR/rdf-syntax-grammar/), one description per node. Written by hand,
 * as no maintained RDF library writes it. A character that XML 1.0 does not allow becomes U+FFFD.
 */
import { expand, type Graph, type Name, prefixes, type Value } from './graph.ts'

/** The graph as one text. */
export function writeRdfXml(nodes: Graph): string {
  const declared = Object.entries(prefixes).map(([prefix, iri]) => `xmlns:${prefix}="${iri}"`)
  const described = [...nodes].map(
    ([iri, properties]) =>
      `<rdf:Description rdf:about="${escapeXml(iri)}">\n` +
      [...properties]
        .flatMap(([property, values]) => values.map((value) => `  ${elementOf(property, value)}\n`))
        .join('') +
      '</rdf:Description>\n',
  )
  return `<?xml version="1.0" encoding="UTF-8"?>\n<rdf:RDF ${declared.join(' ')}>\n${described.join('')}</rdf:RDF>\n`
}

function elementOf(property: Name, value: Value): string {
  if ('iri' in value) return `<${property} rdf:resource="${escapeXml(value.iri)}"/>`
  const { text, language, datatype } = value
  const attribute =
    datatype !== undefined
      ? ` rdf:datatype="${expand(datatype)}"`
      : language !== undefined
        ? ` xml:lang="${language}"`
        : ''
  return `<${property}${attribute}>${escapeXml(text)}</${property}>`
}

/** XML 1.0, section 2.2: characters outside Char cannot be written, not even escaped. */
const forbidden = /[^\t\n\r\u{20}-\u{D7FF}\u{E000}-\u{FFFD}\u{10000}-\u{10FFFF}]/gu

/**
 * Escapes text for content and quoted attributes. Line feeds are escaped because parsers normalise them in
 * attributes.
 */
export function escapeXml(text: string): string {
  return text
    .replace(forbidden, '\u{FFFD}')
    .replace(/[&<>"'\t\n\r]/g, (character) => `&#${character.charCodeAt(0)};`)
}
