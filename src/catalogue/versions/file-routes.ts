/**
 * Distributions over HTTP: permanent names, strong ETag of the stored bytes, Range and If-Range (RFC 9110),
 * Repr-Digest (RFC 9530). No parameter changes the bytes, so a checksum always fits.
 */
import { Readable } from 'node:stream'
import type { FastifyReply, FastifyRequest } from 'fastify'
import parseRange from 'range-parser'
import { Type } from 'typebox'
import {
  type Contract,
  countRead,
  isOpen,
  type StoredDistribution,
  type VersionName,
} from '../../contract/index.ts'
import { type App, attachment, isFresh, problemResponses } from '../../http/index.ts'
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
      const file = (await listDistributions(context.database, found.id)).find(
        (candidate) => candidate.name === name,
      )
      if (file === undefined) throw problem('file-not-found', { path: 'name' })
      const versions = await listVersions(context.database, { dataset: slug, edition })
      const links = linkHeader(found, versions, context.config)
      reply.header('link', file.format === 'csv' ? `${tableLink(found, context.config)}, ${links}` : links)
      await setDeprecationHeaders(context, reply, found)
      countRead(request.caller, contract, { versions: [found], operation: 'file' })
      if (isFresh(request, reply, file.digest, isOpen(contract))) return reply.code(304).send(null)
      describeFile(reply, found, file, context.contracts.get(slug, found.contractVersion).contract)
      const stored = storedName(found, file.format)
      return sendFile(context, request, reply, { ...file, stored, sha256: file.digest })
    },
  )
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

interface ByteRange {
  readonly start: number
  readonly end: number
}

/**
 * The requested range; undefined to send the whole file: no range, several (RFC 9110, section 14.2 allows
 * ignoring them), an unknown unit, a method other than GET (14.2), or an If-Range for other bytes.
 */
function rangeOf(
  { method, headers }: Pick<FastifyRequest, 'method' | 'headers'>,
  file: Pick<StoredDistribution, 'bytes' | 'digest'>,
): ByteRange | undefined {
  const ifRange = headers['if-range']
  if (method !== 'GET') return undefined
  if (headers.range === undefined || (ifRange !== undefined && ifRange !== `"${file.digest}"`))
    return undefined
  // RFC 9110, 14.2: several ranges may be ignored. Checked here, before the library sorts a thousand of them.
  if (headers.range.includes(',')) return undefined
  const [, first = '', last = ''] = /^bytes=[ \t]*(\d*)-(\d+)[ \t]*$/.exec(headers.range) ?? []
  // RFC 9110, 14.1.2: a suffix longer than the file selects the whole file. The library refuses this and the
  // next case.
  if (first === '' && Number(last) >= file.bytes) return { start: 0, end: file.bytes - 1 }
  // RFC 9110, 14.1.1: a range that ends before it begins is invalid, and an invalid one MUST be ignored.
  if (first !== '' && Number(last) < Number(first)) return undefined
  const ranges = parseRange(file.bytes, headers.range, { combine: true })
  if (ranges === -1) throw problem('range-not-satisfiable', { path: 'Range', bytes: file.bytes })
  if (ranges === -2 || ranges.type !== 'bytes' || ranges.length !== 1) return undefined
  return ranges[0]
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
  const range = rangeOf(request, file)
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
