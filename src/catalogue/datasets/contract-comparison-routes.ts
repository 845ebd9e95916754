/**
 * The comparison of two contracts of a dataset over HTTP: the effect of the second on readers and providers
 * of the first, with each difference and why it matters. Refuses unknown contracts.
 */
import { Type } from 'typebox'
import { compareContracts, isOpen } from '../../contract/index.ts'
import { type App, isFresh, problemResponses } from '../../http/index.ts'
import { canonicalJson, digestOf } from '../../platform/digest.ts'
import { BilingualSchema } from '../../platform/shape.ts'
import { addresses } from '../addresses.ts'
import type { AppContext } from '../context.ts'
import { ContractNumber, Slug } from '../schemas.ts'
import { getReadable } from '../versions/published.ts'

const VerdictName = Type.Enum(['compatible', 'additive', 'breaking'], {
  description:
    '`compatible`: nothing has to change; `additive`: something was added or widened; `breaking`: something was removed, ' +
    'narrowed or changed in meaning.',
})

const ContractRef = (description: string) =>
  Type.Object(
    {
      contractVersion: Type.Integer({ description: 'Number of the contract.' }),
      sha256: Type.String({ description: 'SHA-256 of the contract as canonical JSON, lower-case hex.' }),
      href: Type.String({ format: 'uri-reference', description: 'The contract.' }),
    },
    { description },
  )

const ComparisonSchema = Type.Object({
  dataset: Type.String({ description: 'Slug of the dataset.' }),
  from: ContractRef('The first contract.'),
  to: ContractRef('The second contract.'),
  direction: Type.Enum(['same', 'forward', 'backward'], {
    description:
      'Whether `to` is the same contract, a later or an earlier one. Both directions are judged by the same rules.',
  }),
  verdict: VerdictName,
  differences: Type.Array(
    Type.Object({
      path: Type.String({ description: 'Path of the difference, with fields by name: `fields/mean/unit`.' }),
      field: Type.Union([Type.String(), Type.Null()], {
        description: 'The field that differs; null if it concerns the contract as a whole.',
      }),
      what: Type.Enum(['added', 'removed', 'changed'], { description: 'The kind of difference.' }),
      before: Type.Unknown({ description: 'The value in `from`; null if it has none.' }),
      after: Type.Unknown({ description: 'The value in `to`; null if it has none.' }),
      verdict: VerdictName,
      why: BilingualSchema,
    }),
    { description: 'Every difference, in the order of the contract; empty if there is none.' },
  ),
  links: Type.Object(
    {
      self: Type.String({ format: 'uri-reference', description: 'This comparison.' }),
      reverse: Type.String({
        format: 'uri-reference',
        description: 'The comparison in the other direction.',
      }),
      dataset: Type.String({ format: 'uri-reference', description: 'The dataset.' }),
    },
    { description: 'Links to related resources.' },
  ),
})

/** Part of the ETag. Increase it when the texts or the shape of a comparison change. */
const comparisonVersion = 1

export function comparisonRoutes(app: App, context: AppContext): void {
  app.get(
    '/v1/datasets/:slug/contracts/:contractVersion/compare/:other',
    {
      schema: {
        operationId: 'compareContracts',
        tags: ['catalogue'],
        summary: 'Compare two contracts',
        description:
          'The verdict on changing from one contract to another: compatible, additive or breaking, with every difference, ' +
          'its values before and after, and why it matters. Contracts never change, and neither does their comparison.',
        params: Type.Object({ slug: Slug, contractVersion: ContractNumber, other: ContractNumber }),
        response: {
          200: ComparisonSchema,
          304: Type.Null({ description: "Not modified: the caller's copy is current." }),
          ...problemResponses('dataset-not-found', 'contract-not-found'),
        },
      },
    },
    async (request, reply) => {
      const { slug, contractVersion, other } = request.params
      const newest = getReadable(context.contracts, request.caller, slug)
      const [from, to] = [Number(contractVersion), Number(other)]
      const body = comparisonBody(context, slug, from, to)
      const tag = digestOf(canonicalJson({ comparisonForm: comparisonVersion, body })).slice(0, 32)
      if (isFresh(request, reply, tag, isOpen(newest.contract))) return reply.code(304).send(null)
      return body
    },
  )
}

function comparisonBody(context: AppContext, slug: string, from: number, to: number) {
  const at = addresses(context.config)
  const [former, next] = [context.contracts.get(slug, from), context.contracts.get(slug, to)]
  const { verdict, differences } = compareContracts(former.contract, next.contract)
  const reference = (contractVersion: number, sha256: string) => ({
    contractVersion,
    sha256,
    href: at.contract(slug, contractVersion),
  })
  return {
    dataset: slug,
    from: reference(from, former.digest),
    to: reference(to, next.digest),
    direction: from === to ? ('same' as const) : from < to ? ('forward' as const) : ('backward' as const),
    verdict,
    differences: differences.map(({ path, what, before, after, kind, message }) => ({
      path,
      field: fieldIn(path),
      what,
      before,
      after,
      verdict: kind,
      why: message,
    })),
    links: {
      self: at.comparison(slug, from, to),
      reverse: at.comparison(slug, to, from),
      dataset: at.dataset(slug),
    },
  }
}

/** The field in a path: `mean` in `fields/mean/unit` and in `intake/fields/mean`. */
function fieldIn(path: string): string | null {
  return /^(?:intake\/)?fields\/([^/]+)/.exec(path)?.[1] ?? null
}
