/** Addresses of the published edition, as a re-user finds them in the catalogue. */
import type { Published } from '../context.ts'

/** A version, its records or files. */
export function versionAddress({ dataset, edition, version }: Published): string {
  return `/v1/datasets/${dataset}/editions/${edition}/versions/${version}`
}

/** A distribution by its extension. */
export function fileAddress(published: Published, extension: string): string {
  const { dataset, edition, version } = published
  return `${versionAddress(published)}/files/${dataset}-${edition}-v${version}.${extension}`
}
