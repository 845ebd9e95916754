/**
 * A graph in RDF, as protocols of this room describe things in it: nodes with an address, each with values under names
 * of the vocabularies listed here. There are no blank nodes: each thing has an address, so that two pages or two syntaxes
 * of one graph can be compared line by line, and equal things of several pages are one.
 */
import type { Bilingual, Language } from '../../platform/language.ts'

/** The vocabularies by the prefixes under which their names are written. */
export const prefixes = {
  adms: 'http://www.w3.org/ns/adms#',
  dcat: 'http://www.w3.org/ns/dcat#',
  dct: 'http://purl.org/dc/terms/',
  foaf: 'http://xmlns.com/foaf/0.1/',
  hydra: 'http://www.w3.org/ns/hydra/core#',
  rdf: 'http://www.w3.org/1999/02/22-rdf-syntax-ns#',
  rdfs: 'http://www.w3.org/2000/01/rdf-schema#',
  skos: 'http://www.w3.org/2004/02/skos/core#',
  spdx: 'http://spdx.org/rdf/terms#',
  xsd: 'http://www.w3.org/2001/XMLSchema#',
} as const

/** A name of a vocabulary, such as `dcat:Dataset`. */
export type Name = `${keyof typeof prefixes}:${string}`

/** Another node, by its address. */
export interface Reference {
  readonly iri: string
}

export interface Literal {
  readonly text: string
  /** Of a text that is written in a language. */
  readonly language?: Language
  /** Of a value that is no text, such as `xsd:date`. */
  readonly datatype?: Name
}

export type Value = Reference | Literal

/** A node's values by property; those of `rdf:type` are names. */
export type Properties = Readonly<Partial<Record<Name, Value | readonly Value[]>>>

/** The nodes of a graph by their addresses, in the order in which they were described first. */
export type Graph = ReadonlyMap<string, ReadonlyMap<Name, readonly Value[]>>

/** A graph that is being made. */
export interface GraphDraft {
  readonly nodes: Graph
  /** Says what a node is, and what else. What was said of it before stays; a value that it has already is not doubled. */
  readonly describe: (iri: string, types: readonly Name[], properties?: Properties) => Reference
}

/** Begins an empty graph. */
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

/** The whole address of a name. */
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
