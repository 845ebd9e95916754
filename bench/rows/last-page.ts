/** The last page of a walk by cursor beside its first, both uncached: depth must not matter. */
import assert from 'node:assert/strict'
import { interleave } from '../measure.ts'
import { versionAddress } from './addresses.ts'
import type { Row } from './row.ts'

/** Pages are requested one after the other, so many that a single slow one does not matter. */
const requestsPerSecondOfScale = 100
const recordsPerStep = 1_000

export const lastPageRow: Row = {
  name: 'last-page',
  figure: 'last page by cursor',
  reference: 'first page',
  unit: 'ms',
  compare: 'ratio',
  direction: 'at most',
  floor: 1.3,
  needs: [],
  measure: async (context) => {
    const service = await context.service({ QINGDAN_CACHE_BYTES_MAX: '0' })
    const base = `${service.url}${versionAddress(await context.published())}/records`
    const last = await walkToEnd(base)
    const requests = Math.ceil(requestsPerSecondOfScale * context.seconds)
    return interleave(
      context.pairs,
      () => millisecondsOf(last, requests),
      () => millisecondsOf(`${base}?limit=100`, requests),
    )
  },
}

interface Page {
  readonly data: readonly unknown[]
  readonly links: { readonly next: string | null }
}

async function pageOf(url: string): Promise<Page> {
  const answer = await fetch(url)
  if (answer.status !== 200) throw new Error(`${url} answers ${answer.status}`)
  return (await answer.json()) as Page
}

/** The address of the last full page of 100, found by following links: first large steps, then small ones. */
async function walkToEnd(base: string): Promise<string> {
  const origin = new URL(base).origin
  const absolute = (link: string, limit: number) => {
    const url = new URL(link, origin)
    url.searchParams.set('limit', String(limit))
    return url.href
  }
  let step = `${base}?limit=${recordsPerStep}`
  for (let page = await pageOf(step); page.links.next !== null; page = await pageOf(step))
    step = absolute(page.links.next, recordsPerStep)
  let last = absolute(step, 100)
  for (let page = await pageOf(last); page.links.next !== null; page = await pageOf(last))
    last = absolute(page.links.next, 100)
  assert.equal((await pageOf(last)).data.length, 100, 'the last page is a whole one')
  return last
}

async function millisecondsOf(url: string, requests: number): Promise<number> {
  const began = performance.now()
  for (let n = 0; n < requests; n += 1) await pageOf(url)
  return (performance.now() - began) / requests
}
