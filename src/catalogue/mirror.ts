/**
 * The writes of a mirror: versions, pinned contracts and changes of its origin, with the same numbers, times
 * and positions. Everything is prepared unseen and made visible by one transaction. Refuses to start on a
 * database with data.
 */
import assert from 'node:assert/strict'
import type { CarriedVersion, Contract, LoadedContract, PositionedChange } from '../contract/index.ts'
import { notifyChange } from '../db/change-notices.ts'
import type { Transaction } from '../db/database.ts'
import { problem } from '../platform/problem.ts'
import { isErasure } from './changes/change-log.ts'
import { type MirrorState, writeMirror } from './origin.ts'

/**
 * Makes an empty service the mirror of an origin. Its own pinned contracts are deleted, because positions and
 * pins are the origin's from now on. Throws `mirror-not-empty` if anything was ever received or published.
 */
export async function adoptOrigin(tx: Transaction, state: MirrorState): Promise<void> {
  await tx`LOCK TABLE qingdan.contract, qingdan.version, qingdan.bundle IN SHARE ROW EXCLUSIVE MODE`
  const [own] = await tx<{ versions: boolean; bundles: boolean }[]>`
    SELECT EXISTS (SELECT FROM qingdan.version) AS versions, EXISTS (SELECT FROM qingdan.bundle) AS bundles`
  if (own?.versions || own?.bundles) throw problem('mirror-not-empty')
  await tx`DELETE FROM qingdan.change`
  await tx`DELETE FROM qingdan.change_counter`
  await tx`DELETE FROM qingdan.contract`
  await writeMirror(tx, state)
  await notifyChange(tx)
}

interface OpenedVersion {
  readonly id: number
  /** `published`: already visible; `prepared`: only has to be made visible; `open`: has to be prepared. */
  readonly status: 'published' | 'prepared' | 'open'
}

/** The mirror's version for one of its origin; created as an unseen draft if needed. */
export async function openMirrored(tx: Transaction, of: CarriedVersion): Promise<OpenedVersion> {
  await tx`
    INSERT INTO qingdan.edition (dataset, edition, period_start, period_end)
    VALUES (${of.dataset}, ${of.edition}, ${of.periodStart}, ${of.periodEnd})
    ON CONFLICT (dataset, edition) DO NOTHING`
  await tx`
    INSERT INTO qingdan.version (edition_id, number, contract_version, state)
    SELECT id, ${of.number}, ${of.contractVersion}, 'draft' FROM qingdan.edition
    WHERE dataset = ${of.dataset} AND edition = ${of.edition}
    ON CONFLICT (edition_id, number) DO NOTHING`
  const [row] = await tx<{ id: number; published: boolean; prepared: boolean; digest: string | null }[]>`
    SELECT v.id::float8 AS id, v.published_at IS NOT NULL AS published, v.digest,
      v.state = 'controlled' AND (v.records_table IS NOT NULL OR ${of.withdrawn !== null}) AS prepared
    FROM qingdan.version v JOIN qingdan.edition e ON e.id = v.edition_id
    WHERE e.dataset = ${of.dataset} AND e.edition = ${of.edition} AND v.number = ${of.number}`
  assert.ok(row)
  if (row.published) assert.equal(row.digest, of.digest, 'Expected the digest that was compared before')
  const isPrepared = row.prepared && row.digest === of.digest
  return { id: row.id, status: row.published ? 'published' : isPrepared ? 'prepared' : 'open' }
}

/** Writes the facts of a version whose records are loaded and whose files are stored. It stays unseen. */
export async function prepareMirrored(
  tx: Transaction,
  id: number,
  of: CarriedVersion,
  recordsTable: string | null,
): Promise<void> {
  const json = (value: unknown) => tx.json(value as never)
  await tx`DELETE FROM qingdan.distribution WHERE version_id = ${id}`
  for (const file of of.distributions) {
    await tx`
      INSERT INTO qingdan.distribution (version_id, name, format, media_type, bytes, digest)
      VALUES (${id}, ${file.name}, ${file.format}, ${file.mediaType}, ${file.bytes}, ${file.digest})`
  }
  const written = await tx`
    UPDATE qingdan.version SET state = 'controlled', contract_version = ${of.contractVersion},
      reason = ${of.reason}, records_table = ${recordsTable}, records = ${of.records}, digest = ${of.digest},
      difference = ${of.difference === null ? null : json(of.difference)}, parts = ${json(of.parts)},
      waivers = ${json(of.waivers)}, warnings = ${json(of.warnings)}, suppressions = ${json(of.suppressions)},
      omitted = ${json(of.omitted)}
    WHERE id = ${id} AND published_at IS NULL`
  assert.equal(written.count, 1, 'Expected an unpublished version')
}

/** The content of one export. */
interface Mirrored {
  readonly changes: readonly PositionedChange[]
  /** Every version that the changes concern, in its final state; all are prepared or published. */
  readonly versions: readonly CarriedVersion[]
  /** The contracts that the changes add. */
  readonly contracts: readonly (LoadedContract & { readonly verdict: string | null; readonly at: Date })[]
  readonly state: MirrorState
}

/** Makes an export visible. Call it last in its transaction: it locks the change counter until the commit. */
export async function applyMirrored(tx: Transaction, mirrored: Mirrored): Promise<void> {
  const { changes, versions, state } = mirrored
  for (const pin of mirrored.contracts) await writePin(tx, pin)
  for (const version of versions) await show(tx, version)
  for (const of of versions) await settleStates(tx, of)
  for (const change of changes) await writeErased(tx, change)
  await tx`
    INSERT INTO qingdan.change_counter (id, position) VALUES (1, ${state.position})
    ON CONFLICT (id) DO UPDATE SET position = excluded.position`
  for (const change of changes) {
    await tx`
      INSERT INTO qingdan.change (position, at, kind, dataset, edition, version, body)
      VALUES (${change.position}, ${change.at}, ${change.kind}, ${change.dataset}, ${change.edition ?? null},
        ${change.version ?? null}, ${tx.json(change.body as never)})
      ON CONFLICT (position) DO NOTHING`
  }
  await writeMirror(tx, state)
  await notifyChange(tx)
}

async function writePin(tx: Transaction, pin: Mirrored['contracts'][number]): Promise<void> {
  const { dataset, contractVersion }: Contract = pin.contract
  await tx`
    INSERT INTO qingdan.contract (dataset, contract_version, digest, body, verdict, loaded_at)
    VALUES (${dataset}, ${contractVersion}, ${pin.digest}, ${tx.json(pin.document as never)}, ${pin.verdict},
      ${pin.at})
    ON CONFLICT (dataset, contract_version) DO NOTHING`
}

async function show(
  tx: Transaction,
  { dataset, edition, number, digest, ...of }: CarriedVersion,
): Promise<void> {
  const shown = await tx`
    UPDATE qingdan.version v SET published_at = ${of.publishedAt}, withdrawn_at = ${of.withdrawn?.at ?? null},
      withdrawn_reason = ${of.withdrawn?.reason ?? null}
    FROM qingdan.edition e
    WHERE e.id = v.edition_id AND e.dataset = ${dataset} AND e.edition = ${edition} AND v.number = ${number}
      AND v.digest = ${digest} AND (v.published_at IS NOT NULL OR v.state = 'controlled')`
  assert.equal(shown.count, 1, 'Expected a prepared version')
}

/** What the origin has erased is erased here too: its data are removed after the commit. */
async function writeErased(tx: Transaction, change: PositionedChange): Promise<void> {
  if (!isErasure(change)) return
  await tx`
    UPDATE qingdan.version v SET erased_at = ${change.at} FROM qingdan.edition e
    WHERE e.id = v.edition_id AND e.dataset = ${change.dataset} AND e.edition = ${change.edition ?? ''}
      AND v.number = ${change.version ?? 0} AND v.withdrawn_at IS NOT NULL AND v.erased_at IS NULL`
}

/** Sets states as publishing and withdrawing do: the highest version not withdrawn is the published one. */
async function settleStates(tx: Transaction, of: Pick<CarriedVersion, 'dataset' | 'edition'>): Promise<void> {
  await tx`
    UPDATE qingdan.version v SET state = CASE
      WHEN v.withdrawn_at IS NOT NULL THEN 'withdrawn'
      WHEN EXISTS (
        SELECT FROM qingdan.version h WHERE h.edition_id = v.edition_id AND h.number > v.number
          AND h.published_at IS NOT NULL AND h.withdrawn_at IS NULL) THEN 'superseded'
      ELSE 'published' END
    FROM qingdan.edition e
    WHERE e.id = v.edition_id AND e.dataset = ${of.dataset} AND e.edition = ${of.edition}
      AND v.published_at IS NOT NULL`
}
