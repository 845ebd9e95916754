/** Addresses of the published edition, as listed in the catalogue. */
import type { Published } from '../context.ts'

/** The address of a version, the base of those of its records and files. */
export function versionAddress({ dataset, edition, version }: Published): string {
  return `/v1/datasets/${dataset}/editions/${edition}/versions/${version}`
}

/** The address of a distribution by its extension. */
export function fileAddress(published: Published, extension: string): string {
  const { dataset, edition, version } = published
  return `${versionAddress(published)}/files/${dataset}-${edition}-v${version}.${extension}`
}
