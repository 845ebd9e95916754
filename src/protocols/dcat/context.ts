/**
 * What DCAT says of more than one thing: providers, themes, licences, update frequencies. Each is described
 * once, under an address of the catalogue, and referred to wherever it is meant.
 */
import { addresses } from '../../catalogue/index.ts'
import { type Contract, type Contracts, labelOf } from '../../contract/index.ts'
import { type GraphDraft, type Properties, type Reference, texts } from '../rdf/graph.ts'
import { accessRightOf, authorityTheme, frequencyOf } from './authority-codes.ts'

export interface DcatContext {
  readonly graph: GraphDraft
  readonly contracts: Contracts
  readonly at: ReturnType<typeof addresses>
  /** Address of the catalogue; nodes without an address of their own get one below it. */
  readonly catalogue: string
  /** The common start of all addresses. */
  readonly base: string
  /** Properties of each contract, computed once. */
  readonly contractProperties: Map<Contract, Properties>
}

/** Creates a context for a base address such as `https://data.example`. */
export function dcatContext(graph: GraphDraft, contracts: Contracts, base: string): DcatContext {
  const at = addresses({ QINGDAN_PUBLIC_URL: base })
  return { graph, contracts, at, catalogue: `${base}/catalog`, base, contractProperties: new Map() }
}

/** A provider as an agent. */
export function provider({ graph, contracts, catalogue }: DcatContext, code: string): Reference {
  const name = labelOf(contracts, 'providers', code)
  return graph.describe(`${catalogue}#provider-${code}`, ['foaf:Agent'], {
    'foaf:name': name === undefined ? { text: code } : texts(name),
    'dct:identifier': { text: code },
  })
}

/** The themes of a dataset: those of our code list, and the nearest ones of the EU authority. */
export function themes(context: DcatContext, { themes }: Contract): readonly Reference[] {
  const { graph, contracts, catalogue } = context
  return themes.flatMap((code) => {
    const label = labelOf(contracts, 'themes', code)
    const authority = authorityTheme(code)
    const own = graph.describe(`${catalogue}#theme-${code}`, ['skos:Concept'], {
      'skos:prefLabel': label === undefined ? { text: code } : texts(label),
      'skos:notation': { text: code },
      'skos:inScheme': themeScheme(context),
      ...(authority === undefined ? {} : { 'skos:closeMatch': { iri: authority.iri } }),
    })
    if (authority === undefined) return [own]
    const concept = graph.describe(authority.iri, ['skos:Concept'], {
      'skos:prefLabel': { text: authority.label, language: 'en' },
    })
    return [own, concept]
  })
}

/** The scheme of our themes. */
export function themeScheme({ graph, catalogue }: DcatContext): Reference {
  return graph.describe(`${catalogue}#themes`, ['skos:ConceptScheme'], {
    'dct:title': texts({ zh: '数据领域', en: 'Themes' }),
  })
}

/** The terms on which a dataset may be used. */
export function licence({ graph, at }: DcatContext, { dataset, licence }: Contract): Reference {
  const { name, title, url } = licence
  return graph.describe(url ?? `${at.dataset(dataset)}#licence`, ['dct:LicenseDocument'], {
    'dct:title': texts(title),
    'dct:identifier': { text: name },
  })
}

/** The area that a dataset covers. */
export function area({ graph, at }: DcatContext, { dataset, area }: Contract): readonly Reference[] {
  if (area === undefined) return []
  const iri = area.url ?? `${at.dataset(dataset)}#area`
  return [graph.describe(iri, ['dct:Location'], { 'skos:prefLabel': texts(area.name) })]
}

/** Who answers questions about a dataset. */
export function contactPoint(
  { graph, at }: DcatContext,
  { dataset, contact }: Contract,
): readonly Reference[] {
  if (contact === undefined) return []
  const { name, email, url, telephone } = contact
  return [
    graph.describe(`${at.dataset(dataset)}#contact`, ['vcard:Kind'], {
      'vcard:fn': texts(name),
      'vcard:hasEmail': { iri: `mailto:${email}` },
      'vcard:hasURL': url === undefined ? [] : { iri: url },
      // RFC 3966 allows no blanks.
      'vcard:hasTelephone': telephone === undefined ? [] : { iri: `tel:${telephone.replaceAll(' ', '-')}` },
    }),
  ]
}

/** How often a dataset is updated: the authority's term, or ours if it has none. */
export function frequency(
  { graph, contracts, catalogue }: DcatContext,
  { updateFrequency: code }: Contract,
): Reference {
  const label = labelOf(contracts, 'update-frequencies', code)
  return graph.describe(frequencyOf(code) ?? `${catalogue}#rhythm-${code}`, ['dct:Frequency'], {
    'rdfs:label': label === undefined ? { text: code } : texts(label),
  })
}

/** Who may use the data: the authority's term, or ours if it has none. */
export function accessRights({ graph, contracts, catalogue }: DcatContext, contract: Contract): Reference {
  const { openClass } = contract
  const label = labelOf(contracts, 'open-classes', openClass)
  const iri = accessRightOf(openClass) ?? `${catalogue}#open-class-${openClass}`
  return graph.describe(iri, ['dct:RightsStatement'], {
    'rdfs:label': label === undefined ? { text: openClass } : texts(label),
  })
}
