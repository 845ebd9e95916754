/**
 * An RDF graph for the protocols: nodes with an address, each with values under the vocabularies listed here.
 * It has no blank nodes: every node has an address, so two pages or syntaxes of a graph can be compared line
 * by line, and a node that several pages describe is the same node.
 */
import type { Bilingual, Language } from '../../platform/language.ts'

/** The vocabularies by the prefixes under which their names are written. */
export const prefixes = {
  adms: 'http://www.w3.org/ns/adms#',
  dcat: 'http://www.w3.org/ns/dcat#',
  dcatap: 'http://data.europa.eu/r5r/',
  dct: 'http://purl.org/dc/terms/',
  foaf: 'http://xmlns.com/foaf/0.1/',
  hydra: 'http://www.w3.org/ns/hydra/core#',
  rdf: 'http://www.w3.org/1999/02/22-rdf-syntax-ns#',
  rdfs: 'http://www.w3.org/2000/01/rdf-schema#',
  skos: 'http://www.w3.org/2004/02/skos/core#',
  spdx: 'http://spdx.org/rdf/terms#',
  vcard: 'http://www.w3.org/2006/vcard/ns#',
  xsd: 'http://www.w3.org/2001/XMLSchema#',
} as const

/** A prefixed name of a vocabulary, such as `dcat:Dataset`. */
export type Name = `${keyof typeof prefixes}:${string}`

/** Another node, by its address. */
export interface Reference {
  readonly iri: string
}

export interface Literal {
  readonly text: string
  /** The language of a text. */
  readonly language?: Language
  /** The type of a value that is not text, such as `xsd:date`. */
  readonly datatype?: Name
}

export type Value = Reference | Literal

/** A node's values by property. */
export type Properties = Readonly<Partial<Record<Name, Value | readonly Value[]>>>

/** The nodes of a graph by address, in the order of their first description. */
export type Graph = ReadonlyMap<string, ReadonlyMap<Name, readonly Value[]>>

/** A graph under construction. */
export interface GraphDraft {
  readonly nodes: Graph
  /**
   * Adds types and properties to a node. Earlier values stay; a value the node already has is not added
   * again.
   */
  readonly describe: (iri: string, types: readonly Name[], properties?: Properties) => Reference
}

/** Starts an empty graph. */
export function buildGraph(): GraphDraft {
  const nodes = new Map<string, Map<Name, Value[]>>()
  const seen = new Set<string>()
  const add = (iri: string, property: Name, value: Value) => {
    const key = JSON.stringify([iri, property, value])
    if (seen.has(key)) return
    seen.add(key)
    const own = nodes.get(iri) ?? new Map<Name, Value[]>()
    nodes.set(iri, own)
    const values = own.get(property)
    if (values === undefined) own.set(property, [value])
    else values.push(value)
  }
  return {
    nodes,
    describe: (iri, types, properties = {}) => {
      for (const type of types) add(iri, 'rdf:type', { iri: expand(type) })
      for (const [property, values] of Object.entries(properties)) {
        for (const value of [values].flat() as readonly Value[]) add(iri, property as Name, value)
      }
      return { iri }
    },
  }
}

/** The full IRI of a prefixed name. */
export function expand(name: Name): string {
  const at = name.indexOf(':')
  return `${prefixes[name.slice(0, at) as keyof typeof prefixes]}${name.slice(at + 1)}`
}

/** A text in both languages. */
export function texts({ zh, en }: Bilingual): readonly Literal[] {
  return [
    { text: zh, language: 'zh' },
    { text: en, language: 'en' },
  ]
}

/** An instant, in UTC. */
export function instant(at: Date): Literal {
  return { text: at.toISOString(), datatype: 'xsd:dateTime' }
}

/** A day, `YYYY-MM-DD`. */
export function day(text: string): Literal {
  return { text, datatype: 'xsd:date' }
}

/** A count or a size. */
export function whole(number: number): Literal {
  return { text: String(number), datatype: 'xsd:nonNegativeInteger' }
}
