/**
 * Distributions over HTTP: permanent names, strong ETag of the stored bytes, Range and If-Range (RFC 9110),
 * Repr-Digest (RFC 9530). No parameter changes the bytes, so a checksum always fits.
 */
import { Readable } from 'node:stream'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import {
  type Contract,
  countRead,
  isOpen,
  type StoredDistribution,
  type VersionName,
} from '../../contract/index.ts'
import {
  type App,
  attachment,
  codedTag,
  codingOf,
  isFresh,
  problemResponses,
  rangeOf,
} from '../../http/index.ts'
import { problem } from '../../platform/problem.ts'
import { storedName } from '../addresses.ts'
import type { AppContext } from '../context.ts'
import { EditionName, ExactVersion, PreviewToken, Slug, toLatest } from '../schemas.ts'
import { setDeprecationHeaders } from './deprecation.ts'
import { requireIntact } from './intact-files.ts'
import { linkHeader, tableLink } from './neighbour-links.ts'
import { findServed } from './previews.ts'
import { getReadable, listDistributions, listVersions } from './published.ts'

/** Each format has its own media type; the schema only says that the body is bytes. */
const fileContent = { '*/*': { schema: Type.Unsafe<Readable>({ type: 'string', format: 'binary' }) } }

export function fileRoutes(app: App, context: AppContext): void {
  app.get(
    '/v1/datasets/:slug/editions/:edition/versions/:version/files/:name',
    {
      config: { cacheable: true },
      schema: {
        operationId: 'getFile',
        tags: ['catalogue'],
        summary: 'A file of a version',
        description:
          'The distribution as rendered at publication. Its bytes never change; for a withdrawn version the response is 410. ' +
          'Supports Range, If-Range, If-Match and If-None-Match.',
        params: Type.Object({
          slug: Slug,
          edition: EditionName,
          version: ExactVersion,
          name: Type.String({ maxLength: 200, description: 'A file name from the list of the version.' }),
        }),
        querystring: Type.Object({ preview: PreviewToken }),
        response: {
          200: { description: 'The whole file.', content: fileContent },
          206: { description: 'The requested range.', content: fileContent },
          ...toLatest,
          304: Type.Null({ description: "Not modified: the caller's copy is current." }),
          ...problemResponses(
            'dataset-not-found',
            'edition-not-found',
            'version-not-found',
            'version-withdrawn',
            'file-not-found',
            'precondition-failed',
            'range-not-satisfiable',
            'file-damaged',
          ),
        },
      },
    },
    async (request, reply) => {
      const { slug, edition, version, name } = request.params
      const { contract } = getReadable(context.contracts, request.caller, slug)
      const { preview } = request.query
      const found = await findServed(context, { dataset: slug, edition, version: Number(version), preview })
      const files = await listDistributions(context.database, found.id)
      const file = files.find((candidate) => candidate.name === name)
      if (file === undefined) throw problem('file-not-found', { path: 'name' })
      const versions = await listVersions(context.database, { dataset: slug, edition })
      const links = linkHeader(found, versions, context.config)
      reply.header('link', file.format === 'csv' ? `${tableLink(found, context.config)}, ${links}` : links)
      await setDeprecationHeaders(context, reply, found)
      countRead(request.caller, contract, { versions: [found], operation: 'file' })
      const gzipped = gzippedOf(context, request, file, files)
      const offered = gzipped === undefined ? [] : gzipOnly
      const validated = { modified: found.publishedAt ?? undefined, offered }
      if (isFresh(request, reply, file.digest, isOpen(contract), validated)) return reply.code(304).send(null)
      describeFile(reply, found, file, context.contracts.get(slug, found.contractVersion).contract)
      const sent = gzipped === undefined ? file : codedAs(reply, file, gzipped)
      const stored = storedName(found, gzipped?.format ?? file.format)
      return sendFile(context, request, reply, { ...sent, stored, sha256: (gzipped ?? file).digest })
    },
  )
}

const gzipOnly = ['gzip'] as const

/**
 * The stored gzip of a file, if the caller accepts that coding. Ranges are those of the identity, and a proxy
 * that sends the file compresses it itself.
 */
function gzippedOf(
  { config }: Pick<AppContext, 'config'>,
  { headers }: Pick<FastifyRequest, 'headers'>,
  file: StoredDistribution,
  files: readonly StoredDistribution[],
): StoredDistribution | undefined {
  if (headers.range !== undefined || config.QINGDAN_ACCEL_PREFIX !== '') return undefined
  if (codingOf(headers['accept-encoding'], gzipOnly) === undefined) return undefined
  return files.find(({ format }) => format === `${file.format}.gz`)
}

/** Describes a file that is sent as its gzip: a digest is that of the coded bytes (RFC 9530, 3.1). */
function codedAs(
  reply: FastifyReply,
  file: StoredDistribution,
  { bytes, digest }: StoredDistribution,
): StoredDistribution {
  reply
    .removeHeader('accept-ranges')
    .header('etag', `"${codedTag(file.digest, 'gzip')}"`)
    .header('content-encoding', 'gzip')
    .header('repr-digest', `sha-256=:${Buffer.from(digest, 'hex').toString('base64')}:`)
  return { ...file, bytes }
}

function describeFile(
  reply: FastifyReply,
  of: VersionName,
  file: StoredDistribution,
  { title }: Contract,
): void {
  reply.header('accept-ranges', 'bytes')
  reply.header('repr-digest', `sha-256=:${Buffer.from(file.digest, 'hex').toString('base64')}:`)
  const ending = `-${of.edition}-v${of.number}.${file.format}`
  reply.header('content-disposition', attachment({ plain: file.name, title: title.zh, ending }))
}

/** A stored file to send. */
export interface SentFile {
  /** Its name in the file store. */
  readonly stored: string
  readonly mediaType: string
  readonly bytes: number
  /** SHA-256 of its bytes. */
  readonly sha256: string
  /** The tag in its ETag. */
  readonly digest: string
}

/**
 * Sends a stored file or the requested range of it. Its ETag must be set already. Throws `file-damaged`, for
 * HEAD too, if the file is not the one of its record.
 */
export async function sendFile(
  context: AppContext,
  request: FastifyRequest,
  reply: FastifyReply,
  file: SentFile,
) {
  const range = rangeOf(request, { bytes: file.bytes, etag: `"${file.digest}"` })
  await requireIntact(context, file.stored, { bytes: file.bytes, digest: file.sha256 })
  reply.type(file.mediaType)
  const { stored } = file
  const prefix = context.config.QINGDAN_ACCEL_PREFIX
  // The proxy reads the file and handles ranges itself; it needs the status and headers of the whole file.
  if (prefix !== '') {
    return reply.removeHeader('accept-ranges').header('x-accel-redirect', `${prefix}/${stored}`).send('')
  }
  const { start, end } = range ?? { start: 0, end: file.bytes - 1 }
  reply.header('content-length', end - start + 1)
  if (range !== undefined) {
    reply.code(206).header('content-range', `bytes ${start}-${end}/${file.bytes}`)
  }
  // For HEAD, Fastify would read a stream to its end without sending it.
  if (request.method === 'HEAD' || file.bytes === 0) return reply.send(Readable.from([]))
  return reply.send(context.files.stream(stored, { start, end }))
}
