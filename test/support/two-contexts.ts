/** Two services connected only by what a courier carries, and the comparison of their responses. */
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { loadServiceKey } from '../../src/accounts/index.ts'
import { buildApp } from '../../src/app.ts'
import { readChanges } from '../../src/catalogue/index.ts'
import { loadContractFolders, type OpenContext } from '../../src/context.ts'
import type { PositionedChange } from '../../src/contract/published-version.ts'
import type { App } from '../../src/http/route-helpers.ts'
import { canonicalJson, digestOf } from '../../src/platform/digest.ts'
import {
  type Exported,
  type ExportRequest,
  type MirrorReport,
  takeExport,
  trustKey,
  writeExport,
} from '../../src/transfer/index.ts'

/** Writes an export as a ZIP or as a folder. Throws if nothing has changed. */
export async function exportTo(
  context: OpenContext,
  folder: string,
  request: ExportRequest,
  ending = '.zip',
): Promise<Exported> {
  await mkdir(folder, { recursive: true })
  const out = (name: string) => join(folder, `${name}${ending}`)
  const exported = await writeExport(context, { request, out, actor: 'cli:test' })
  if (exported === undefined) throw new Error('nothing was exported')
  return exported
}

export function take(context: OpenContext, path: string): Promise<MirrorReport> {
  const loadContracts = (folder: string) => loadContractFolders([folder], { isMirror: true })
  return takeExport(context, { path, actor: 'cli:test', loadContracts })
}

/** Makes one service trust the other's key, as the courier's first errand; returns the file of the key. */
export async function trustOrigin(mirror: OpenContext, origin: OpenContext, folder: string): Promise<string> {
  const { publicKey } = await loadServiceKey(origin)
  await trustKey(mirror, { armored: publicKey, actor: 'cli:test' })
  const file = join(folder, 'origin.asc')
  await writeFile(file, publicKey)
  return file
}

/** Names of the checks that refuse. */
export async function checksOf(work: Promise<unknown>): Promise<readonly string[]> {
  try {
    await work
    return []
  } catch (error) {
    const findings = (error as { readonly findings?: readonly { readonly check: string }[] }).findings
    if (findings === undefined) throw error
    return [...new Set(findings.map(({ check }) => check))]
  }
}

/** The feed, which must be the same in both. */
export async function feedOf({ database }: OpenContext): Promise<readonly string[]> {
  const changes: readonly PositionedChange[] = await readChanges(database.work, 0)
  return changes.map(canonicalJson)
}

/** A response: status, the headers that describe the bytes, and the digest of the bytes. */
export interface Answered {
  readonly url: string
  readonly status: number
  readonly etag: unknown
  readonly reprDigest: unknown
  readonly sha256: string
  readonly text: string
}

export async function answer(app: App, url: string): Promise<Answered> {
  const reply = await app.inject(url)
  const isJson = /json/.test(String(reply.headers['content-type'] ?? ''))
  // Each request has an id of its own, which is part of a problem.
  const bytes = isJson ? reply.body.replace(/"requestId":"[^"]*"/, '') : reply.rawPayload
  return {
    url,
    status: reply.statusCode,
    etag: reply.headers['etag'],
    reprDigest: reply.headers['repr-digest'],
    sha256: digestOf(bytes),
    text: isJson ? String(bytes) : '',
  }
}

/** An app that serves a context, as a running service would. */
export async function serving(t: { teardown: (work: () => Promise<void>) => unknown }, context: OpenContext) {
  const app = await buildApp(context)
  context.readiness.ready = true
  t.teardown(() => app.close())
  return app
}

/** Addresses of everything that a service has published: collected from one, requested from both. */
export async function addressesOf(app: App): Promise<readonly string[]> {
  const json = async (url: string) => (await app.inject(url)).json()
  const found = ['/v1/datasets', '/v1/lists', '/v1/datasets?q=Test', '/']
  for (const { slug } of (await json('/v1/datasets')).data as { slug: string }[]) {
    const at = `/v1/datasets/${slug}`
    const { contracts } = (await json(at)) as { contracts: { contractVersion: number }[] }
    found.push(at, `${at}/editions`, ...contracts.map((one) => `${at}/contracts/${one.contractVersion}`))
    found.push(
      `${at}/records`,
      `${at}/records?edition=all&limit=2`,
      `${at}/records.csv`,
      `${at}/records.ndjson`,
    )
    for (const { edition } of (await json(`${at}/editions`)).data as { edition: string }[]) {
      found.push(`${at}/editions/${edition}`)
      const { data } = await json(`${at}/editions/${edition}/versions`)
      for (const { version } of data as { version: number }[]) {
        const versionAt = `${at}/editions/${edition}/versions/${version}`
        found.push(versionAt, `${versionAt}/records?limit=1`)
        const { distributions = [] } = (await json(versionAt)) as { distributions?: { href: string }[] }
        found.push(...distributions.map(({ href }) => href))
      }
    }
  }
  for (const { year } of (await json('/v1/lists')).data as { year: string }[]) {
    found.push(`/v1/lists/${year}`, `/v1/lists/${year}.csv`, `/v1/lists/${year}/diff`)
  }
  return found
}
