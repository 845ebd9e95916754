/** One file of a version as a distribution of DCAT-AP 3: where it is, its format, size, terms and SHA-256. */
import type { PublishedVersion } from '../../catalogue/index.ts'
import type { Contract, StoredDistribution } from '../../contract/index.ts'
import { expand, instant, type Reference, texts, whole } from '../rdf/graph.ts'
import { fileTerms, mediaTypes, stable } from './authority-codes.ts'
import { type DcatContext, licence } from './context.ts'

/** The distribution's address is that of its file, whose bytes never change. */
export function distribution(
  context: DcatContext,
  contract: Contract,
  version: PublishedVersion,
  file: StoredDistribution,
): Reference {
  const { graph, at } = context
  const iri = at.file(version, file.name)
  const terms = fileTerms(file.format)
  const mediaType = (of: string | undefined) =>
    of === undefined
      ? []
      : graph.describe(of, ['dct:MediaType'], { 'rdfs:label': { text: of.slice(mediaTypes.length) } })
  return graph.describe(iri, ['dcat:Distribution'], {
    'dct:title': { text: file.name },
    'dct:issued': instant(version.publishedAt),
    'dct:license': licence(context, contract),
    'dct:format': formatOf(context, file),
    'dcatap:availability': graph.describe(stable.iri, ['skos:Concept'], {
      'skos:prefLabel': texts(stable.label),
    }),
    'dcat:accessURL': { iri: at.version(version) },
    'dcat:downloadURL': { iri },
    'dcat:mediaType': mediaType(terms.mediaType),
    'dcat:compressFormat': mediaType(terms.compressed),
    'dcat:packageFormat': mediaType(terms.packed),
    'dcat:byteSize': whole(file.bytes),
    'spdx:checksum': graph.describe(`${iri}#sha256`, ['spdx:Checksum'], {
      'spdx:algorithm': graph.describe(expand('spdx:checksumAlgorithm_sha256'), ['spdx:ChecksumAlgorithm']),
      'spdx:checksumValue': { text: file.digest, datatype: 'xsd:hexBinary' },
    }),
  })
}

function formatOf({ graph, catalogue }: DcatContext, { format, mediaType }: StoredDistribution): Reference {
  const { fileType, label } = fileTerms(format)
  const named = { 'rdfs:label': { text: label } } as const
  if (fileType !== undefined) return graph.describe(fileType, ['dct:MediaTypeOrExtent'], named)
  // ckanext-dcat reads labels only of nodes whose first class is the former one, dct:IMT.
  return graph.describe(`${catalogue}#format-${format}`, ['dct:IMT', 'dct:MediaTypeOrExtent'], {
    ...named,
    'rdf:value': { text: mediaType.split(';', 1)[0] ?? mediaType },
  })
}
