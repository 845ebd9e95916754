/** A graph as Turtle (https://www.w3.org/TR/turtle/), written by the library n3, which is loaded on first use. */
import type { DataFactory } from 'n3'
import { expand, type Graph, prefixes, type Value } from './graph.ts'

/** The graph as one text. */
export async function writeTurtle(nodes: Graph): Promise<string> {
  // A CommonJS package: a bundle gives a dynamic import its default export only.
  const { DataFactory, Writer } = (await import('n3')).default
  const { namedNode } = DataFactory
  const writer = new Writer({ prefixes: { ...prefixes } })
  for (const [iri, properties] of nodes) {
    const subject = namedNode(iri)
    for (const [property, values] of properties) {
      const predicate = namedNode(expand(property))
      for (const value of values) writer.addQuad(subject, predicate, termOf(value, DataFactory))
    }
  }
  let text = ''
  // Without an output stream the writer calls back synchronously.
  writer.end((error, result) => {
    if (error) throw error
    text = result
  })
  return text
}

function termOf(value: Value, { literal, namedNode }: typeof DataFactory) {
  if ('iri' in value) return namedNode(value.iri)
  const { text, language, datatype } = value
  if (datatype !== undefined) return literal(text, namedNode(expand(datatype)))
  return language === undefined ? literal(text) : literal(text, language)
}
