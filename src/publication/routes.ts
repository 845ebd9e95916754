/**
 * Publications over HTTP, for keys with the scope `publish`: request, follow, approve, drop and preview one,
 * and withdraw a version. The processing is a worker's job. Keys limited to other datasets are refused, and
 * so are bodies that are not JSON, which also prevents cross-site writes from browsers.
 */

import type { FastifyReply, FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import { requireScope } from '../accounts/index.ts'
import {
  type AppContext,
  addresses,
  EditionName,
  ExactVersion,
  previewDaysDefault,
  Slug,
} from '../catalogue/index.ts'
import { partsOf } from '../contract/index.ts'
import { type App, problemResponses } from '../http/index.ts'
import type { Caller } from '../platform/caller.ts'
import { defined } from '../platform/defined.ts'
import { problem } from '../platform/problem.ts'
import { parseMoment, parseSpan } from '../platform/time.ts'
import {
  approvePublication,
  dropPublication,
  openPreview,
  requestPublication,
  shortPatience,
} from './acts.ts'
import { publicationBody } from './body.ts'
import { findPublication, listPublications, type Publication } from './publications.ts'
import {
  ApprovalSchema,
  PreviewRequestSchema,
  PreviewSchema,
  PublicationRequestSchema,
  PublicationSchema,
  Reason,
  WithdrawalRequestSchema,
  WithdrawalSchema,
} from './schemas.ts'
import { withdraw } from './withdraw.ts'

const security = [{ key: [] }]
const tags = ['publications']

/** A body here contains reasons and waivers, no data. */
const bodyLimit = 1 << 20

const OfEdition = Type.Object({ slug: Slug, edition: EditionName })
const OfPublication = Type.Object({
  slug: Slug,
  edition: EditionName,
  publication: Type.String({ pattern: '^[1-9]\\d{0,14}$', description: 'Number of a publication.' }),
})

const base = '/v1/datasets/:slug/editions/:edition/publications'
const scoped = ['key-missing', 'scope-missing', 'dataset-not-found'] as const
const bodied = ['body-invalid', 'body-too-large', 'media-type-unsupported'] as const

export async function publicationRoutes(app: App, context: AppContext): Promise<void> {
  // These answers are for the holder of the key only.
  app.addHook('onRequest', async (request, reply) => {
    reply.header('cache-control', 'private, no-store')
    const { slug } = request.params as { readonly slug: string }
    requirePublisher(context, request.caller, slug)
    requireJson(request)
  })
  requestRoute(app, context)
  readRoutes(app, context)
  approvalRoute(app, context)
  dropRoute(app, context)
  previewRoute(app, context)
  withdrawalRoute(app, context)
}

/** Refuses callers without the scope, or limited to other datasets. */
function requirePublisher(context: AppContext, reader: Caller, slug: string): void {
  requireScope(reader, 'publish')
  const { datasets, provider } = reader
  const refuse = (detail: string) => problem('scope-missing', { detail, scope: 'publish' })
  if (datasets !== undefined && !datasets.includes(slug))
    throw refuse('The key is limited to other datasets.')
  const { contract } = context.contracts.get(slug)
  if (provider !== undefined && partsOf(contract).some((part) => part.provider !== provider))
    throw refuse('The key is limited to one provider, and the edition has parts of others.')
}

/**
 * A POST needs a JSON body, even if it is `{}`. A page of another origin can't send that type, since CORS
 * does not allow it the header `Content-Type`.
 */
function requireJson(request: FastifyRequest): void {
  if (request.method !== 'POST') return
  const [type = ''] = (request.headers['content-type'] ?? '').split(';')
  if (type.trim().toLowerCase() !== 'application/json') throw problem('media-type-unsupported')
}

function actorOf(reader: Caller): string {
  return `key:${reader.keyId}`
}

async function sendPublication(
  context: AppContext,
  reply: FastifyReply,
  publication: Publication,
  code = 202,
) {
  const body = await publicationBody(context, publication)
  return reply.code(code).header('location', body.links.self).send(body)
}

/** The publication of an address. Throws `publication-not-found` also for one of another edition. */
async function getPublication(
  context: AppContext,
  params: { readonly slug: string; readonly edition: string; readonly publication: string },
): Promise<Publication> {
  const found = await findPublication(context, Number(params.publication))
  if (found === undefined || found.dataset !== params.slug || found.edition !== params.edition)
    throw problem('publication-not-found', { path: 'publication' })
  return found
}

function requestRoute(app: App, context: AppContext): void {
  app.post(
    base,
    {
      bodyLimit,
      schema: {
        operationId: 'askPublication',
        tags,
        security,
        summary: 'Request the publication of an edition',
        description:
          'Publishes the current parts. A worker prepares the version and releases it at once, or ' +
          'at the requested moment and after the approval of a second person, if the contract ' +
          'requires one. A waiting publication is replaced. Needs the scope `publish`.',
        params: OfEdition,
        body: PublicationRequestSchema,
        response: {
          202: PublicationSchema,
          ...problemResponses(
            ...scoped,
            ...bodied,
            'edition-not-found',
            'edition-incomplete',
            'corrections-closed',
            'nothing-to-publish',
            'reason-missing',
            'mirror-read-only',
            'moment-past',
            'edition-busy',
          ),
        },
      },
    },
    async (request, reply) => {
      const { slug: dataset, edition } = request.params
      const { reason, waivers = [], at } = request.body
      const moment = at === undefined ? undefined : parseMoment(at)
      if (at !== undefined && moment === undefined) {
        throw problem('body-invalid', {
          path: 'at',
          detail: 'Expected an instant, or a day and a time such as 2026-03-01T09:00.',
        })
      }
      const requested = await requestPublication(
        context,
        {
          dataset,
          edition,
          waivers,
          askedBy: actorOf(request.caller),
          ...defined({ reason, at: moment }),
        },
        shortPatience,
      )
      return sendPublication(context, reply, requested)
    },
  )
}

function readRoutes(app: App, context: AppContext): void {
  app.get(
    base,
    {
      schema: {
        operationId: 'listPublications',
        tags,
        security,
        summary: 'The publications of an edition',
        description: 'Requested publications and their outcome, the newest first; at most 200.',
        params: OfEdition,
        response: {
          200: Type.Object({
            data: Type.Array(PublicationSchema, { description: 'The publications, the newest first.' }),
            links: Type.Object(
              { self: Type.String({ format: 'uri-reference', description: 'This list.' }) },
              { description: 'Links to related resources.' },
            ),
          }),
          ...problemResponses(...scoped),
        },
      },
    },
    async (request) => {
      const { slug: dataset, edition } = request.params
      const found = await listPublications(context, { dataset, edition })
      const data = await Promise.all(found.map((publication) => publicationBody(context, publication)))
      return { data, links: { self: addresses(context.config).publications(dataset, edition) } }
    },
  )
  app.get(
    `${base}/:publication`,
    {
      schema: {
        operationId: 'getPublication',
        tags,
        security,
        summary: 'A publication',
        description: 'Its state, what it waits for, and the defects found across the parts.',
        params: OfPublication,
        response: { 200: PublicationSchema, ...problemResponses(...scoped, 'publication-not-found') },
      },
    },
    async (request) => publicationBody(context, await getPublication(context, request.params)),
  )
}

function approvalRoute(app: App, context: AppContext): void {
  app.post(
    `${base}/:publication/approval`,
    {
      bodyLimit,
      schema: {
        operationId: 'approvePublication',
        tags,
        security,
        summary: 'Approve a publication',
        description:
          'A second person approves it; whoever requested it is not allowed to. The approval is ' +
          'bound to the digest of the plain CSV, so only the approved data can be released. Needs ' +
          'the scope `publish`.',
        params: OfPublication,
        body: ApprovalSchema,
        response: {
          202: PublicationSchema,
          ...problemResponses(
            ...scoped,
            ...bodied,
            'publication-not-found',
            'publication-not-waiting',
            'approval-by-asker',
            'draft-changed',
            'edition-busy',
          ),
        },
      },
    },
    async (request, reply) => {
      const { id } = await getPublication(context, request.params)
      const act = { id, actor: actorOf(request.caller), sha256: request.body.sha256 }
      return sendPublication(context, reply, await approvePublication(context, act, shortPatience))
    },
  )
}

function dropRoute(app: App, context: AppContext): void {
  app.delete(
    `${base}/:publication`,
    {
      schema: {
        operationId: 'dropPublication',
        tags,
        security,
        summary: 'Cancel a publication',
        description:
          'Cancels a waiting publication. Published versions are not affected. Needs the scope ' +
          '`publish`.',
        params: OfPublication,
        querystring: Type.Object({ reason: Reason }),
        response: {
          200: PublicationSchema,
          ...problemResponses(
            ...scoped,
            'publication-not-found',
            'publication-not-waiting',
            'reason-missing',
            'edition-busy',
          ),
        },
      },
    },
    async (request, reply) => {
      const { id } = await getPublication(context, request.params)
      const act = { id, actor: actorOf(request.caller), reason: request.query.reason }
      return sendPublication(context, reply, await dropPublication(context, act, shortPatience), 200)
    },
  )
}

function previewRoute(app: App, context: AppContext): void {
  app.post(
    `${base}/:publication/previews`,
    {
      bodyLimit,
      schema: {
        operationId: 'createPreview',
        tags,
        security,
        summary: 'Create a token that shows a draft',
        description:
          'Whoever has the token can read the prepared version, its records and its files until it ' +
          'expires, and no other draft. Needs the scope `publish`.',
        params: OfPublication,
        body: PreviewRequestSchema,
        response: {
          201: PreviewSchema,
          ...problemResponses(
            ...scoped,
            ...bodied,
            'publication-not-found',
            'draft-not-prepared',
            'previews-too-many',
          ),
        },
      },
    },
    async (request, reply) => {
      const publication = await getPublication(context, request.params)
      const milliseconds = parseSpan(request.body.expires ?? `${previewDaysDefault}d`)
      if (milliseconds === undefined)
        throw problem('body-invalid', { path: 'expires', detail: 'Expected a span such as 30m, 12h or 7d.' })
      const act = { id: publication.id, actor: actorOf(request.caller), milliseconds }
      const { id, token, expiresAt } = await openPreview(context, act)
      const { dataset, edition, version } = publication
      const href = `${addresses(context.config).version({ dataset, edition, number: version })}?preview=${token}`
      return reply.code(201).send({ id, token, expiresAt: expiresAt.toISOString(), href })
    },
  )
}

function withdrawalRoute(app: App, context: AppContext): void {
  app.post(
    '/v1/datasets/:slug/editions/:edition/versions/:version/withdrawal',
    {
      bodyLimit,
      schema: {
        operationId: 'withdrawVersion',
        tags,
        security,
        summary: 'Withdraw a version',
        description:
          'Its addresses answer 410 from then on, with the reason and the version that replaces ' +
          'it. Repeating the request changes nothing. Needs the scope `publish`.',
        params: Type.Object({
          slug: Slug,
          edition: EditionName,
          version: ExactVersion,
        }),
        body: WithdrawalRequestSchema,
        response: {
          200: WithdrawalSchema,
          ...problemResponses(
            ...scoped,
            ...bodied,
            'version-not-found',
            'reason-missing',
            'mirror-read-only',
            'edition-busy',
          ),
        },
      },
    },
    async (request) => {
      const { slug: dataset, edition, version } = request.params
      const { reason } = request.body
      const withdrawal = {
        dataset,
        edition,
        version: Number(version),
        reason,
        actor: actorOf(request.caller),
      }
      const first = await withdraw(context, withdrawal, shortPatience)
      return { dataset, edition, version: withdrawal.version, state: 'withdrawn' as const, already: !first }
    },
  )
}
