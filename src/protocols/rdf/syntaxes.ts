/** The syntaxes in which a graph is given: adding one is a file and a line here. The first is that of who takes any. */
import type { Graph } from './graph.ts'
import { writeJsonLd } from './json-ld.ts'
import { writeTurtle } from './turtle.ts'
import { writeRdfXml } from './xml.ts'

export interface Syntax {
  /** In addresses. */
  readonly extension: string
  readonly mediaType: string
  readonly title: string
  readonly write: (nodes: Graph) => string
}

export const syntaxes = [
  { extension: 'jsonld', mediaType: 'application/ld+json', title: 'JSON-LD', write: writeJsonLd },
  { extension: 'ttl', mediaType: 'text/turtle', title: 'Turtle', write: writeTurtle },
  { extension: 'rdf', mediaType: 'application/rdf+xml', title: 'RDF/XML', write: writeRdfXml },
] as const satisfies readonly Syntax[]
