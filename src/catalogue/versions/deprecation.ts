/**
 * Deprecation notices after a breaking contract. Versions under former contracts stay available and are
 * marked as deprecated, with a sunset date at least as many days later as their own contract promised.
 */
import type { FastifyReply } from 'fastify'
import type { Contract } from '../../contract/index.ts'
import { noticeDaysOf } from '../../contract/index.ts'
import { addresses } from '../addresses.ts'
import type { AppContext } from '../context.ts'
import { lookUp } from '../lookups.ts'

interface DeprecationNotice {
  readonly since: Date
  readonly sunset: Date
}

const dayMilliseconds = 86_400_000

/** The notice for readers under a contract, from a given time. Pure. */
export function noticeFrom(former: Pick<Contract, 'noticeDays'>, since: Date): DeprecationNotice {
  return { since, sunset: new Date(since.getTime() + noticeDaysOf(former) * dayMilliseconds) }
}

/** A contract that breaks compatibility with those before it. */
interface Breaking {
  readonly contractVersion: number
  readonly since: Date
}

/**
 * Adds the notice to a response under a contract that a later one breaks: `Deprecation` (RFC 9745), `Sunset`
 * (RFC 8594), and links to the comparison and the successor contract. Does nothing without a breaking
 * contract.
 */
export async function setDeprecationHeaders(
  context: AppContext,
  reply: FastifyReply,
  of: { readonly dataset: string; readonly contractVersion: number },
): Promise<void> {
  const { dataset, contractVersion } = of
  const [next] = (await listBreaking(context, dataset)).filter(
    (breaking) => breaking.contractVersion > contractVersion,
  )
  const own = context.contracts.find(dataset, contractVersion)
  if (next === undefined || own === undefined) return
  const { since, sunset } = noticeFrom(own.contract, next.since)
  const to = addresses(context.config)
  const link = `<${to.comparison(dataset, contractVersion, next.contractVersion)}>; rel="deprecation"; type="application/json"`
  const before = reply.getHeader('link')
  reply
    // RFC 9745, 2.1: a date of structured fields, in seconds since 1970.
    .header('deprecation', `@${Math.floor(since.getTime() / 1000)}`)
    .header('sunset', sunset.toUTCString())
    .header('link', before === undefined ? link : `${String(before)}, ${link}`)
}

/**
 * The breaking contracts of a dataset, in their order. Cached between changes, as every response needs them.
 */
function listBreaking({ database }: AppContext, dataset: string): Promise<readonly Breaking[]> {
  const read = async () => {
    const rows = await database.serve<Breaking[]>`
      SELECT contract_version AS "contractVersion", loaded_at AS since FROM qingdan.contract
      WHERE dataset = ${dataset} AND verdict = 'breaking' ORDER BY contract_version`
    return [...rows]
  }
  return lookUp(database, `breaking ${dataset}`, read, () => true)
}
