/**
 * A graph as JSON-LD 1.1 (https://www.w3.org/TR/json-ld11/): its nodes in one `@graph`, with prefixed names.
 * The context is inline, so nothing has to be fetched to read it; values are always in a list.
 */
import { defined } from '../../platform/defined.ts'
import { expand, type Graph, type Name, prefixes, type Value } from './graph.ts'

/** The graph as one text. */
export function writeJsonLd(nodes: Graph): string {
  const graph = [...nodes].map(([iri, properties]) => ({
    '@id': iri,
    ...Object.fromEntries(
      [...properties].map(([property, values]) =>
        property === 'rdf:type' ? ['@type', values.map(nameOf)] : [property, values.map(jsonOf)],
      ),
    ),
  }))
  // One node per line: compact, and still readable and comparable.
  const lines = graph.map((node) => JSON.stringify(node)).join(',\n')
  return `{"@context":${JSON.stringify(prefixes)},"@graph":[\n${lines}\n]}\n`
}

const names = Object.entries(prefixes)

function nameOf(value: Value): string {
  const iri = 'iri' in value ? value.iri : ''
  const [prefix = '', start = ''] = names.find(([, whole]) => iri.startsWith(whole)) ?? []
  const name: Name = `${prefix}:${iri.slice(start.length)}` as Name
  return start !== '' && expand(name) === iri ? name : iri
}

function jsonOf(value: Value): object {
  if ('iri' in value) return { '@id': value.iri }
  const { text, language, datatype } = value
  return {
    '@value': text,
    ...defined({ '@language': language, '@type': datatype }),
  }
}
