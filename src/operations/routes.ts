/**
 * Health, readiness, metrics, and the catalogue of problem codes. It discloses no address, software version
 * or error message.
 */
import { Type } from 'typebox'
import type { AppContext } from '../catalogue/index.ts'
import { type Contracts, isOpen } from '../contract/index.ts'
import { type App, baseUrl, problemResponses } from '../http/index.ts'
import { type ProblemCode, problem, problems } from '../platform/problem.ts'
import { apiRootRoutes } from './api-root.ts'
import { storageProbe } from './storage-probe.ts'

const ReadySchema = Type.Object({
  status: Type.Literal('ok', { description: 'Published data can be read.' }),
  storage: Type.Union(
    [
      ...([Type.Literal('writable'), Type.Literal('full'), Type.Literal('read-only')] as const),
      ...([Type.Literal('failing'), Type.Literal('missing')] as const),
    ],
    {
      description:
        'Whether the files folder can be written. Unless it is `writable`, nothing can be received.',
    },
  ),
})

const StatusSchema = Type.Object({ status: Type.Literal('ok', { description: 'All is well.' }) })

const ProblemKindSchema = Type.Object({
  code: Type.String({ description: 'The stable code.' }),
  status: Type.Integer({ description: 'The HTTP status it comes with.' }),
  title: Type.Object(
    { zh: Type.String({ description: 'Chinese.' }), en: Type.String({ description: 'English.' }) },
    { description: 'Title of the problem.' },
  ),
  hint: Type.String({ description: 'What the caller can do next.' }),
  type: Type.String({ description: 'URL of this description; `type` of the problem.' }),
})

export async function operationsRoutes(app: App, context: AppContext): Promise<void> {
  await app.register((scope: App, _options, done) => {
    probeRoutes(scope, context)
    done()
  })
  problemRoutes(app, context)
  apiRootRoutes(app, context)
}

/** Load balancers wait two seconds or more; the rest is for this process, which may be busy. */
const answerMilliseconds = 1_500

function probeRoutes(app: App, context: AppContext): void {
  const { database, readiness, metrics, contracts } = context
  const findStorage = storageProbe(context)
  const config = { unlimited: true }
  const tags = ['service']
  const answer = { 200: StatusSchema, ...problemResponses() }
  app.addHook('onRequest', async (_request, reply) => {
    reply.header('cache-control', 'no-store')
  })
  app.get(
    '/health',
    {
      config,
      schema: {
        operationId: 'getHealth',
        tags,
        summary: 'Liveness of the process',
        description: 'For a supervisor. Does not query the database.',
        response: answer,
      },
    },
    async () => ({ status: 'ok' as const }),
  )
  app.get(
    '/ready',
    {
      config,
      schema: {
        operationId: 'getReadiness',
        tags,
        summary: 'Readiness to serve',
        description:
          'For a load balancer: 200 once the database responds and the first content is loaded, else 503; within 2 seconds in any case. `storage` says whether anything can be received: with a full disk, data can still be read.',
        response: { 200: ReadySchema, ...problemResponses() },
      },
    },
    async () => {
      if (!readiness.ready) throw problem('not-ready')
      const [responds, storage] = await Promise.all([database.responds(answerMilliseconds), findStorage()])
      if (!responds || storage === undefined) throw problem('not-ready')
      return { status: 'ok' as const, storage }
    },
  )
  app.get(
    '/metrics',
    {
      config,
      schema: {
        operationId: 'getMetrics',
        tags,
        summary: 'Metrics in the Prometheus text format',
        description:
          'Counts and durations by route, code and dataset. They contain no address or value of a caller.',
        response: {
          200: { description: 'The metrics.', content: { 'text/plain': { schema: Type.String() } } },
          ...problemResponses(),
        },
      },
    },
    async (_request, reply) =>
      reply
        .type('text/plain; version=0.0.4; charset=utf-8')
        .serializer(String)
        .send(withoutRestricted(await metrics(), contracts)),
  )
}

/**
 * Removes the lines of datasets that are not open: the metrics are public, the names of these datasets are
 * not.
 */
function withoutRestricted(metrics: string, contracts: Contracts): string {
  const closed = contracts.list().filter(({ contract }) => !isOpen(contract))
  if (closed.length === 0) return metrics
  const labels = closed.map(({ contract }) => `dataset="${contract.dataset}"`)
  return metrics
    .split('\n')
    .filter((line) => !labels.some((label) => line.includes(label)))
    .join('\n')
}

function problemRoutes(app: App, { config }: AppContext): void {
  const tags = ['service']
  const describe = (code: ProblemCode, base: string) => {
    const { status, title, titleZh, hint } = problems[code]
    return { code, status, title: { zh: titleZh, en: title }, hint, type: `${base}/v1/problems/${code}` }
  }
  const codes = Object.keys(problems) as ProblemCode[]
  app.get(
    '/v1/problems',
    {
      schema: {
        operationId: 'listProblems',
        tags,
        summary: 'All problem codes',
        description: 'The stable codes with HTTP status, title and hint.',
        response: {
          200: Type.Object({ data: Type.Array(ProblemKindSchema, { description: 'All codes.' }) }),
          ...problemResponses(),
        },
      },
    },
    async (request) => {
      const base = baseUrl(request, config)
      return { data: codes.map((code) => describe(code, base)) }
    },
  )
  app.get(
    '/v1/problems/:code',
    {
      schema: {
        operationId: 'getProblem',
        tags,
        summary: 'One problem code',
        description: 'The URL that a problem has as its `type`.',
        params: Type.Object({ code: Type.String({ description: 'A code, such as `not-found`.' }) }),
        response: { 200: ProblemKindSchema, ...problemResponses('problem-not-found') },
      },
    },
    async (request) => {
      const code = codes.find((candidate) => candidate === request.params.code)
      if (code === undefined) throw problem('problem-not-found', { path: 'code' })
      return describe(code, baseUrl(request, config))
    },
  )
}
