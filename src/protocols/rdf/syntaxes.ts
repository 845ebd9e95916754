/** The RDF syntaxes. Adding one is a file and a line here. The first is the default. */
import type { Graph } from './graph.ts'
import { writeJsonLd } from './json-ld.ts'
import { writeTurtle } from './turtle.ts'
import { writeRdfXml } from './xml.ts'

export interface Syntax {
  /** File extension in addresses. */
  readonly extension: string
  readonly mediaType: string
  readonly title: string
  readonly write: (nodes: Graph) => string | Promise<string>
}

export const syntaxes = [
  { extension: 'jsonld', mediaType: 'application/ld+json', title: 'JSON-LD', write: writeJsonLd },
  { extension: 'ttl', mediaType: 'text/turtle', title: 'Turtle', write: writeTurtle },
  { extension: 'rdf', mediaType: 'application/rdf+xml', title: 'RDF/XML', write: writeRdfXml },
] as const satisfies readonly Syntax[]
