/** Turns published data into response bodies. Pure: the same values give the same body. */
import type { Static } from 'typebox'
import {
  type Contracts,
  compareContracts,
  isProven,
  type LoadedContract,
  labelOf,
  type StoredDistribution,
  sourceOf,
} from '../../contract/index.ts'
import type { Config } from '../../platform/config.ts'
import { defined } from '../../platform/defined.ts'
import { addresses } from '../addresses.ts'
import type { DatasetSchema, DistributionSchema, EditionSchema, VersionBody } from '../schemas.ts'
import { neighbourLinks } from '../versions/neighbour-links.ts'
import type { ServedVersion } from '../versions/previews.ts'
import { latestOf, latestOfDataset, type PublishedVersion } from '../versions/published.ts'

type Addressed = Pick<Config, 'QINGDAN_PUBLIC_URL'>

/** Whether any part of a version is synthetic sample data. */
export function isSynthetic(version: {
  readonly parts: readonly { readonly synthetic: boolean }[]
}): boolean {
  return version.parts.some((part) => part.synthetic)
}

/**
 * Whether the rule that withheld counts of a version has proven that nobody can compute them; null if no rule withheld
 * anything.
 */
export function provenOf({
  suppressions,
}: {
  readonly suppressions: Readonly<Record<string, unknown>>
}): boolean | null {
  const { rule } = suppressions
  return typeof rule === 'string' ? isProven({ disclosure: { rule } }) : null
}

/** The address with the preview token, if there is one. */
function withToken(address: string, preview: string | undefined): string {
  return preview === undefined ? address : `${address}?preview=${encodeURIComponent(preview)}`
}

/**
 * The body of a version. `versions` are all published ones of its edition, newest first. Its links carry the
 * preview token, if there is one.
 */
export function versionBody(
  version: ServedVersion,
  versions: readonly PublishedVersion[],
  config: Addressed,
  preview?: string,
): VersionBody {
  const at = addresses(config)
  return {
    dataset: version.dataset,
    edition: version.edition,
    version: version.number,
    state: version.state,
    contractVersion: version.contractVersion,
    period: { start: version.periodStart, end: version.periodEnd },
    publishedAt: version.publishedAt?.toISOString() ?? null,
    reason: version.reason,
    withdrawn:
      version.withdrawnAt === null
        ? null
        : { at: version.withdrawnAt.toISOString(), reason: version.withdrawnReason ?? '' },
    records: version.records,
    sha256: version.digest,
    difference: version.difference,
    synthetic: isSynthetic(version),
    parts: version.parts.map(({ provider, bundle, bundles = [bundle], rows }) => ({
      ...{ provider, bundle, ...defined({ rows }), bundles },
    })),
    waivers: version.waivers,
    warnings: version.warnings,
    suppressions: version.suppressions,
    proven: provenOf(version),
    omitted: version.omitted,
    links: {
      self: withToken(at.version(version), preview),
      records: withToken(at.versionRecords(version), preview),
      contract: at.contract(version.dataset, version.contractVersion),
      dataset: at.dataset(version.dataset),
      edition: at.edition(version.dataset, version.edition),
      ...neighbourLinks(version, versions, config),
    },
  }
}

export function distributionBody(
  file: StoredDistribution,
  version: ServedVersion,
  config: Addressed,
  preview?: string,
): Static<typeof DistributionSchema> {
  const { name, format, mediaType, bytes, digest } = file
  const href = withToken(addresses(config).file(version, name), preview)
  return { name, format, mediaType, bytes, sha256: digest, href }
}

export function editionBody(
  versions: readonly [PublishedVersion, ...PublishedVersion[]],
  config: Addressed,
): Static<typeof EditionSchema> {
  const [{ dataset, edition }] = versions
  const self = addresses(config).edition(dataset, edition)
  return {
    dataset,
    edition,
    latest: latestOf(versions)?.number ?? null,
    versions: versions.map((version) => versionBody(version, versions, config)),
    links: { self, latest: `${self}/versions/latest`, versions: `${self}/versions` },
  }
}

/** The body of a dataset with its latest version. `versions` are its own, newest first. */
export function datasetBody(
  { contract }: LoadedContract,
  versions: readonly PublishedVersion[],
  contracts: Contracts,
  config: Addressed,
): Static<typeof DatasetSchema> {
  const at = addresses(config)
  const latest = latestOfDataset(versions)
  return {
    slug: contract.dataset,
    title: contract.title,
    description: contract.description,
    kind: contract.kind?.name ?? null,
    providers: contract.providers.map((code) => ({
      code,
      title: labelOf(contracts, 'providers', code) ?? { zh: code, en: code },
    })),
    themes: [...contract.themes],
    keywords: [...contract.keywords],
    licence: contract.licence,
    source: sourceOf(contract, latest !== undefined && isSynthetic(latest)),
    rhythm: contract.updateFrequency,
    shareClass: contract.shareClass,
    openClass: contract.openClass,
    shareWays: [...contract.shareMethods],
    contractVersion: contract.contractVersion,
    latest:
      latest === undefined
        ? null
        : {
            edition: latest.edition,
            version: latest.number,
            records: latest.records,
            publishedAt: latest.publishedAt.toISOString(),
            synthetic: isSynthetic(latest),
            href: at.version(latest),
          },
    links: {
      self: at.dataset(contract.dataset),
      records: at.records(contract.dataset),
      contract: at.contract(contract.dataset, contract.contractVersion),
    },
  }
}

/** A dataset's contracts by number, each with its verdict compared with the previous one. */
export function contractsOf(versions: readonly LoadedContract[], config: Addressed) {
  return versions.map(({ contract, digest }, index) => {
    const former = versions[index - 1]
    return {
      contractVersion: contract.contractVersion,
      sha256: digest,
      verdict: former === undefined ? null : compareContracts(former.contract, contract).verdict,
      href: addresses(config).contract(contract.dataset, contract.contractVersion),
    }
  })
}

/** A dataset's editions, newest first. */
export function editionsOf(versions: readonly PublishedVersion[], config: Addressed) {
  const names = [...new Set(versions.map((version) => version.edition))]
  return names.map((edition) => {
    const own = versions.filter((version) => version.edition === edition)
    const { dataset = '', periodStart: start = '', periodEnd: end = '' } = own[0] ?? {}
    return {
      edition,
      period: { start, end },
      latest: latestOf(own)?.number ?? null,
      versions: own.length,
      href: addresses(config).edition(dataset, edition),
    }
  })
}
