/**
 * Reads graphs with independent parsers: oxigraph (Rust) parses all three syntaxes and shares no code with
 * the writer; n3 holds a graph for the SHACL validator.
 */
import { Parser, Store } from 'n3'
import { parse, type Quad } from 'oxigraph'

/** The triples of a text. Throws if it is not valid in the syntax. */
export function readRdf(text: string, mediaType: string): readonly Quad[] {
  const format = mediaType.split(';', 1)[0] ?? ''
  return parse(text, { format, base_iri: 'http://base.example/' }) as Quad[]
}

/**
 * The graph as sorted lines, so that equal graphs are equal; refuses blank nodes, which have no stable names.
 */
export function linesOf(quads: readonly Quad[]): readonly string[] {
  const lines = quads.map(String)
  const blank = lines.find((line) => /(^|\s)_:/.test(line))
  if (blank !== undefined) throw new Error(`a blank node: ${blank}`)
  return [...new Set(lines)].sort()
}

/** The values of a property of a node. */
export function valuesOf(quads: readonly Quad[], subject: string, predicate: string): readonly string[] {
  return quads
    .filter((quad) => quad.subject.value === subject && quad.predicate.value === predicate)
    .map(({ object }) => object.value)
}

/** A dataset in the form that the validator needs. */
export function storeOf(text: string): Store {
  return new Store(new Parser({ baseIRI: 'http://base.example/' }).parse(text))
}
