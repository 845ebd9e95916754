/** A published version as a signed bag over HTTP; refused if the version itself is. */
import type { Readable } from 'node:stream'
import { Type } from 'typebox'
import {
  type AppContext,
  EditionName,
  ExactVersion,
  getReadable,
  getVersion,
  Slug,
  sendFile,
  setDeprecationHeaders,
  toLatest,
} from '../catalogue/index.ts'
import { countRead, isOpen } from '../contract/index.ts'
import { type App, attachment, isFresh, problemResponses } from '../http/index.ts'
import { storeVersionBag, versionBagFormat, versionBagName } from './version-bag.ts'

const zipContent = {
  'application/zip': { schema: Type.Unsafe<Readable>({ type: 'string', format: 'binary' }) },
}

/** Registers the download of a version as a signed bag. */
export function transferRoutes(app: App, context: AppContext): void {
  app.get(
    '/v1/datasets/:slug/editions/:edition/versions/:version/bag.zip',
    {
      schema: {
        operationId: 'getVersionBag',
        tags: ['catalogue'],
        summary: 'A version as a signed bag',
        description:
          'All files of the version with its contracts, code lists and metadata as a BagIt bag and Data Package, signed by ' +
          'this service. Takes Range, If-Range, If-Match and If-None-Match.',
        params: Type.Object({
          slug: Slug,
          edition: EditionName,
          version: ExactVersion,
        }),
        response: {
          200: { description: 'The whole file.', content: zipContent },
          206: { description: 'The requested range.', content: zipContent },
          ...toLatest,
          304: Type.Null({ description: "Not modified: the caller's copy is current." }),
          ...problemResponses(
            'dataset-not-found',
            'edition-not-found',
            'version-not-found',
            'version-withdrawn',
            'precondition-failed',
            'range-not-satisfiable',
            'file-damaged',
          ),
        },
      },
    },
    async (request, reply) => {
      const { slug, edition, version } = request.params
      const { contract } = getReadable(context.contracts, request.caller, slug)
      const of = { dataset: slug, edition, version: Number(version) }
      const found = await getVersion(context.database, context.config, of)
      const file = await storeVersionBag(context, found, found.publishedAt)
      await setDeprecationHeaders(context, reply, found)
      countRead(request.caller, contract, { versions: [found], operation: 'bag' })
      const validated = { modified: found.publishedAt, offered: [] }
      if (isFresh(request, reply, file.digest, isOpen(contract), validated)) return reply.code(304).send(null)
      const ending = `-${edition}-v${version}.${versionBagFormat}`
      const names = { plain: versionBagName(found), title: contract.title.zh, ending }
      reply.header('accept-ranges', 'bytes').header('content-disposition', attachment(names))
      return sendFile(context, request, reply, file)
    },
  )
}
