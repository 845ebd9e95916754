/** The audit log over HTTP, page by page, for keys with the scope `admin`. */
import { Type } from 'typebox'
import { type App, problemResponses } from '../http/index.ts'
import { readCursor, writeCursor } from '../platform/cursor.ts'
import { problem } from '../platform/problem.ts'
import { parseMoment } from '../platform/time.ts'
import { auditLimitMax, listAudit } from './audit.ts'
import type { AccountsContext } from './context.ts'
import { requireScope } from './keys/find-caller.ts'

const EntrySchema = Type.Object({
  id: Type.Integer({ description: 'Number of the entry; later entries have higher numbers.' }),
  at: Type.String({ format: 'date-time', description: 'When, in UTC.' }),
  actor: Type.String({ description: 'Who: `key:<id>`, `cli:<user>` or `service:<task>`.' }),
  action: Type.String({ description: 'What was done, such as `publish` or `version-erased`.' }),
  subject: Type.String({ description: 'To what, such as `<dataset>/<edition>/v<number>` or `bundle:<id>`.' }),
  detail: Type.Record(Type.String(), Type.Unknown(), {
    description: 'Reasons, counts and names; never values of rows.',
  }),
})

const AuditSchema = Type.Object({
  data: Type.Array(EntrySchema, { description: 'The entries, the newest first.' }),
  links: Type.Object(
    {
      next: Type.Union([Type.String({ format: 'uri-reference' }), Type.Null()], {
        description: 'The older entries; null if there are none.',
      }),
    },
    { description: 'Links to further entries.' },
  ),
})

const limitUsual = 100

export function auditRoutes(app: App, context: AccountsContext): void {
  app.get(
    '/v1/audit',
    {
      schema: {
        operationId: 'listAudit',
        tags: ['service'],
        summary: 'The audit log',
        description:
          'Who did what to which subject, the newest first. Following `next` visits every entry once, also while others ' +
          'are added. Needs the scope `admin`.',
        security: [{ key: [] }],
        querystring: Type.Object({
          since: Type.Optional(
            Type.String({
              examples: ['2026-03-01'],
              description: 'Only entries since this day in Shanghai, or since this time.',
            }),
          ),
          limit: Type.Optional(
            Type.Integer({
              minimum: 1,
              maximum: auditLimitMax,
              default: limitUsual,
              description: 'The most entries in the response.',
            }),
          ),
          cursor: Type.Optional(
            Type.String({ maxLength: 4096, description: 'From `next` of the previous page.' }),
          ),
        }),
        response: {
          200: AuditSchema,
          ...problemResponses('key-missing', 'scope-missing', 'cursor-invalid'),
        },
      },
    },
    async ({ caller, query }, reply) => {
      requireScope(caller, 'admin')
      const { since: from = '', limit = limitUsual, cursor } = query
      const since = from === '' ? undefined : parseMoment(from)
      if (from !== '' && since === undefined) {
        const detail = 'A day such as 2026-03-01, or a time such as 2026-03-01T09:00.'
        throw problem('parameter-invalid', { path: 'since', detail })
      }
      // A cursor holds for the question that it was made for.
      const question = `audit ${from}`
      const before = cursor === undefined ? undefined : readId(question, cursor)
      const found = await listAudit(context.database.serve, { since, before, limit: limit + 1 })
      const shown = found.slice(0, limit)
      const last = shown.at(-1)
      const more = found.length > shown.length && last !== undefined
      const next = new URLSearchParams({
        ...(from === '' ? {} : { since: from }),
        limit: String(limit),
        cursor: writeCursor(question, last?.id ?? 0),
      })
      reply.header('cache-control', 'private, no-store')
      return {
        data: shown.map((entry) => ({ ...entry, at: entry.at.toISOString() })),
        links: { next: more ? `${context.config.QINGDAN_PUBLIC_URL}/v1/audit?${next}` : null },
      }
    },
  )
}

function readId(question: string, cursor: string): number {
  const id = readCursor(question, cursor)
  if (Number.isSafeInteger(id)) return Number(id)
  throw problem('cursor-invalid', { path: 'cursor' })
}
