/** A closure among 200 readers of the feed of changes: each sees it exactly once, whatever its pages. */
import t from 'tap'
import { openTestContext, publishSample } from '../support/open-test-context.ts'

const service = await openTestContext(t, {
  contracts: [],
  shipped: ['school-sports-venues'],
  at: '2026-05-08T04:00:00Z',
})
const { get, send } = service
await publishSample(service, 'school-sports-venues', '2026', 1)

const readerCount = 200
const closureCount = 3

interface Page {
  readonly data: readonly { readonly closure?: { readonly id: string } }[]
  readonly meta: { readonly cursor: string }
}

t.test('each of 200 readers sees each closure once', async (t) => {
  const { authorization } = await service.key({ scopes: ['closures'] })
  const venues = (await get(`/v1/venues/open?limit=${closureCount}`)).json<{ data: { id: string }[] }>().data
  const head = (await get('/v1/changes?limit=1000')).json<Page>().meta.cursor
  let created: readonly string[] | undefined
  const read = async (limit: number) => {
    const seen: string[] = []
    let cursor = head
    while (true) {
      const isComplete = created !== undefined
      const page = (await get(`/v1/changes?after=${encodeURIComponent(cursor)}&limit=${limit}`)).json<Page>()
      seen.push(...page.data.flatMap(({ closure }) => closure?.id ?? []))
      cursor = page.meta.cursor
      if (isComplete && page.data.length === 0) return seen
      await new Promise((resolve) => setImmediate(resolve))
    }
  }
  const create = async () => {
    const ids: string[] = []
    for (const { id } of venues) {
      const answer = await send('POST', `/v1/venues/${id}/closures`, authorization, { reason: '台风' })
      t.equal(answer.status, 201)
      ids.push(answer.json<{ id: string }>().id)
    }
    created = ids
  }
  const reading = Array.from({ length: readerCount }, (_, n) => read(1 + (n % 4)))
  const [all] = await Promise.all([Promise.all(reading), create()])
  const wrong = all.filter((seen) => seen.join() !== created?.join())
  t.equal(created?.length, closureCount)
  t.same(wrong, [], `${readerCount} readers`)
})
