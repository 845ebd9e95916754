/** Packages, resources, organizations, groups, tags and licences in CKAN's shapes. */

import {
  type Addresses,
  type AppContext,
  isSynthetic,
  listDistributions,
  type PublishedVersion,
} from '../../catalogue/index.ts'
import { isOpen, labelOf, sourceOf } from '../../contract/index.ts'
import { defined } from '../../platform/defined.ts'
import type { Language } from '../../platform/language.ts'
import {
  editionResource,
  formatName,
  instantOf,
  nameOf,
  type Package,
  type ResourceName,
  tableFormat,
  versionResource,
} from './catalogue.ts'
import { idOf } from './ids.ts'

/** What the bodies depend on besides a package. */
export interface PackageContext {
  readonly context: AppContext
  /** Addresses as the caller reaches them. */
  readonly at: Addresses
  readonly language: Language
}

/** A whole package with its resources. */
export async function packageBody(packageContext: PackageContext, of: Package) {
  const { at, language } = packageContext
  const { contract } = of.loaded
  const resources = await packageResources(packageContext, of)
  const [newest] = of.latest
  return {
    id: of.id,
    name: nameOf(of),
    title: contract.title[language],
    title_translated: contract.title,
    notes: contract.description[language],
    notes_translated: contract.description,
    type: 'dataset',
    state: 'active',
    private: !isOpen(contract),
    url: at.dataset(contract.dataset),
    version: newest === undefined ? null : `${newest.edition}-v${newest.number}`,
    ...licenceOf(of, language),
    author: providersOf(packageContext, of).join('、'),
    author_email: null,
    maintainer: null,
    maintainer_email: null,
    owner_org: idOf('organization', of.organization),
    organization: organizationBody(packageContext, of.organization),
    groups: contract.themes.map((code) => groupBody(packageContext, code)),
    tags: of.tags.map(tagBody),
    num_tags: of.tags.length,
    resources: resources.map((resource, position) => ({ ...resource, position })),
    num_resources: resources.length,
    extras: extrasOf(packageContext, of),
    metadata_created: of.created,
    metadata_modified: of.modified,
    relationships_as_subject: [],
    relationships_as_object: [],
    creator_user_id: null,
  }
}

function licenceOf({ loaded: { contract } }: Package, language: Language) {
  const { name, title, url } = contract.licence
  return {
    license_id: name,
    license_title: title[language],
    ...defined({ license_url: url }),
    isopen: isOpen(contract),
  }
}

function providersOf(
  { context, language }: PackageContext,
  { loaded: { contract } }: Package,
): readonly string[] {
  return contract.providers.map((code) => labelOf(context.contracts, 'providers', code)?.[language] ?? code)
}

function extrasOf({ context, language, at }: PackageContext, { loaded: { contract }, latest }: Package) {
  const [newest] = latest
  const label = (list: string, code: string) => labelOf(context.contracts, list, code)?.[language] ?? code
  const extras: Readonly<Record<string, string>> = {
    contract: at.contract(contract.dataset, contract.contractVersion),
    frequency: label('update-frequencies', contract.updateFrequency),
    open_class: label('open-classes', contract.openClass),
    providers: contract.providers.join(','),
    records: at.records(contract.dataset),
    share_class: label('share-classes', contract.shareClass),
    source: sourceOf(contract, newest !== undefined && isSynthetic(newest))[language],
  }
  return Object.entries(extras).map(([key, value]) => ({ key, value }))
}

/** All resources of a package: the files of the latest version of each edition. */
export async function packageResources(packageContext: PackageContext, of: Package) {
  const all = await Promise.all(of.latest.map((version) => resourcesOf(packageContext, of, version)))
  return all.flat()
}

/** The files of a version as resources of its edition, or (`pinned`) of the version itself. */
async function resourcesOf(
  { context, at, language }: PackageContext,
  of: Package,
  version: PublishedVersion,
  pinned = false,
) {
  const files = await listDistributions(context.database, version.id)
  const first = of.versions.findLast(({ edition }) => edition === version.edition) ?? version
  return files.map((file) => {
    const { format } = file
    return {
      id: (pinned ? versionResource : editionResource)(version, format),
      version_id: versionResource(version, format),
      package_id: of.id,
      name: file.name,
      description: `${of.loaded.contract.title[language]} ${version.edition}`,
      format: formatName(format),
      mimetype: file.mediaType.split(';')[0] ?? file.mediaType,
      url: at.file(version, file.name),
      url_type: null,
      resource_type: 'file',
      size: file.bytes,
      hash: file.digest,
      hash_algorithm: 'http://spdx.org/rdf/terms#checksumAlgorithm_sha256',
      state: 'active',
      created: instantOf(pinned ? version.publishedAt : first.publishedAt),
      last_modified: instantOf(version.publishedAt),
      metadata_modified: instantOf(version.publishedAt),
      datastore_active: format === tableFormat,
      edition: version.edition,
      edition_version: version.number,
      period_start: version.periodStart,
      period_end: version.periodEnd,
      records: version.records,
      synthetic: isSynthetic(version),
    }
  })
}

/** One resource. */
export async function resourceBody(
  packageContext: PackageContext,
  of: Package,
  version: PublishedVersion,
  name: ResourceName,
) {
  const all = await resourcesOf(packageContext, of, version, name.number !== undefined)
  const position = all.findIndex(({ format }) => format === formatName(name.format))
  const found = all[position]
  if (found === undefined) throw new Error('Expected a file of each format of the version')
  return { ...found, position }
}

/** An organization: the first provider of a dataset. */
export function organizationBody(packageContext: PackageContext, code: string) {
  return kindBody(packageContext, code, 'organization')
}

/** A group: a theme. */
export function groupBody(packageContext: PackageContext, code: string) {
  return kindBody(packageContext, code, 'group')
}

/** The code lists with their names. */
const lists = { organization: 'providers', group: 'themes' } as const

function kindBody({ context, language }: PackageContext, code: string, type: keyof typeof lists) {
  const title = labelOf(context.contracts, lists[type], code)?.[language] ?? code
  return {
    id: idOf(type, code),
    name: code,
    title,
    display_name: title,
    description: '',
    image_url: '',
    image_display_url: '',
    type,
    is_organization: type === 'organization',
    approval_status: 'approved',
    state: 'active',
  }
}

export function tagBody(name: string) {
  return { id: idOf('tag', name), name, display_name: name, vocabulary_id: null, state: 'active' }
}

/** The licences in use, each once. */
export function licenceBodies(packages: readonly Package[], language: Language) {
  const byName = new Map(
    packages.map(({ loaded: { contract } }) => [contract.licence.name, contract.licence] as const),
  )
  return [...byName.values()]
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .map(({ name, title, url }) => ({
      id: name,
      title: title[language],
      url: url ?? '',
      status: 'active',
      maintainer: '',
      family: '',
      domain_content: true,
      domain_data: true,
      domain_software: false,
      is_generic: false,
    }))
}
