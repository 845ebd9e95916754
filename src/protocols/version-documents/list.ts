/** The list of descriptions of a version. A new one is one file and one line here. */
import { describeRemotely } from '../../formats/index.ts'
import { croissant } from './croissant.ts'
import { csvw } from './csvw.ts'
import type { VersionDocument } from './document.ts'

const dataPackage: VersionDocument = {
  name: 'datapackage.json',
  mediaType: 'application/vnd.datapackage+json',
  operationId: 'getVersionDataPackage',
  summary: 'A version as Data Package',
  description:
    'The descriptor of a Data Package 2.0 with the plain CSV at its own address, its schema and SHA-256.',
  build: ({ plain, context }) => describeRemotely(plain, plain.url, context),
}

export const versionDocuments: readonly VersionDocument[] = [dataPackage, csvw, croissant]
