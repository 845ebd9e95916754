/** What a description of a version is made from, and the shape of one kind of description. */
import type { PublishedVersion } from '../../catalogue/index.ts'
import type { StoredDistribution } from '../../contract/index.ts'
import type { RenderContext } from '../../formats/index.ts'

/** A file of the version with its address. */
export interface AddressedFile extends StoredDistribution {
  readonly url: string
}

export interface DescribedVersion {
  readonly context: RenderContext
  readonly version: PublishedVersion
  /** Every file of the version. */
  readonly files: readonly AddressedFile[]
  /** The plain CSV, which every version has. */
  readonly plain: AddressedFile
  /** Address of the dataset's page. */
  readonly page: string
}

export interface VersionDocument {
  /** Last segment of its address. */
  readonly name: string
  readonly mediaType: string
  readonly operationId: string
  readonly summary: string
  readonly description: string
  /** Pure: equal versions give equal descriptions. */
  readonly build: (of: DescribedVersion) => object
}
