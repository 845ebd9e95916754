/**
 * Assemble: the current parts become one edition. Missing parts, parts of different contract versions and
 * keys that occur in two parts are refused here; the rows of each part are not checked again.
 */

import { type AppContext, advanceDraft, type Draft, getDraft } from '../../catalogue/index.ts'
import { type Contract, intakeKey, isPersonal, type LoadedContract } from '../../contract/index.ts'
import { quoteIdentifier } from '../../db/identifier.ts'
import type { Progress } from '../../ingest/index.ts'
import {
  baseFile,
  type DirectoryPin,
  ensureDerived,
  ensureStaged,
  fileColumn,
  listParts,
  listSharedKeys,
  newestDirectories,
  Refusal,
  rowColumn,
  type StagedPart,
  stagingTable,
} from '../../ingest/index.ts'
import { defined } from '../../platform/defined.ts'
import type { Finding } from '../../platform/finding.ts'
import { missingProviders } from '../providers.ts'
import type { Publication } from '../publications.ts'

export interface Assembled {
  readonly publication: Publication
  readonly draft: Draft
  readonly loaded: LoadedContract
  readonly parts: readonly StagedPart[]
  /** The directories that all parts have looked up. */
  readonly directories: readonly DirectoryPin[]
}

/** Most rows with duplicate keys that are reported: the first ones show the cause. */
const duplicatesMax = 100

export async function assemble(
  context: AppContext,
  publication: Publication,
  progress: Progress,
): Promise<Assembled> {
  const { database } = context
  const parts = await listParts(database.work, publication.dataset, publication.edition)
  const draft = await getDraft(database.work, publication.versionId)
  const loaded = context.contracts.get(draft.dataset, draft.contractVersion)
  const findings = [...missingParts(loaded, parts, publication), ...partsOfOtherContracts(loaded, parts)]
  if (findings.length > 0) throw new Refusal({ findings })
  const directories = newestDirectories(parts)
  for (const [index, part] of parts.entries()) {
    progress('assemble', index, parts.length)
    if (loaded.contract.derivation === undefined) await ensureStaged(context, part, progress)
    else await ensureDerived(context, part, directories, progress)
    context.observe('checkpoint-reached', { step: 'assemble', point: 'part-staged' })
  }
  const duplicates = await findDuplicates(context, loaded, parts)
  if (duplicates.length > 0) throw new Refusal({ findings: duplicates })
  await advanceDraft(database.work, draft.id, {
    state: 'assembled',
    parts: parts.map(({ provider, bundleId, bundles, rows, synthetic }) => ({
      provider,
      bundle: bundleId,
      bundles,
      ...(isPersonal(loaded.contract) ? {} : { rows }),
      synthetic,
    })),
    waivers: publication.waivers,
  })
  context.observe('edition-state-changed', {
    dataset: draft.dataset,
    edition: draft.edition,
    state: 'assembled',
  })
  return { publication, draft, loaded, parts, directories }
}

function missingParts(
  loaded: LoadedContract,
  parts: readonly StagedPart[],
  { waivers }: Publication,
): readonly Finding[] {
  return missingProviders(loaded, parts, waivers).map((provider) => ({
    check: 'part-missing',
    severity: 'error',
    expected: provider,
    message: `The part of ${provider} is missing. Deliver it, or waive it with a reason.`,
    messageZh: `缺少 ${provider} 的数据，请补交或说明理由后豁免。`,
  }))
}

function partsOfOtherContracts(
  { contract }: LoadedContract,
  parts: readonly StagedPart[],
): readonly Finding[] {
  return parts
    .filter((part) => part.contractVersion !== contract.contractVersion)
    .map((part) => ({
      check: 'contract-version-mixed',
      severity: 'error',
      expected: `contractVersion ${contract.contractVersion}`,
      message:
        `The part of ${part.provider} follows version ${part.contractVersion} of the contract. ` +
        'Deliver it again under the current version.',
      messageZh: `${part.provider} 的数据依据第 ${part.contractVersion} 版契约，请按当前契约重新提交。`,
    }))
}

/** Rows whose key occurs in more than one part. The findings omit the key, which may be personal data. */
async function findDuplicates(
  context: AppContext,
  { contract }: LoadedContract,
  parts: readonly StagedPart[],
): Promise<readonly Finding[]> {
  if (parts.length < 2) return []
  if (contract.derivation !== undefined) return findSharedKeys(context, contract, parts)
  const key = intakeKey(contract).map(quoteIdentifier).join(', ')
  const keys = parts.map(
    (part, index) =>
      `SELECT ${index} AS _part, ${fileColumn}, ${rowColumn}, ${key} FROM ${stagingTable(part.bundleId)}`,
  )
  // Internal names begin with `_`, which no field name does: a key may well be called `part` or `times`.
  const rows = await context.database.work.unsafe(
    `SELECT _part AS part, ${fileColumn} AS file, ${rowColumn}::float8 AS row FROM (
       SELECT *, count(*) OVER (PARTITION BY ${key}) AS _times FROM (${keys.join(' UNION ALL ')}) AS every
     ) AS counted WHERE _times > 1 ORDER BY _part, ${fileColumn}, ${rowColumn} LIMIT ${duplicatesMax}`,
  )
  return rows.map(({ part, file, row }) =>
    // Rows of a delta's base are numbered in an earlier file, so the number is left out.
    sharedKey(contract, parts[part as number], file === baseFile ? undefined : (row as number)),
  )
}

/** The same where the rows are not stored, by the digests of their keys. */
async function findSharedKeys(
  { database }: AppContext,
  contract: Contract,
  parts: readonly StagedPart[],
): Promise<readonly Finding[]> {
  const ids = parts.map(({ bundleId }) => bundleId)
  const rows = await listSharedKeys(database.work, ids, duplicatesMax)
  return rows.map(({ part, row }) => sharedKey(contract, parts[part], row))
}

function sharedKey(contract: Contract, part: StagedPart | undefined, row: number | undefined): Finding {
  const provider = part?.provider ?? ''
  return {
    check: 'key-doubled-across-parts',
    severity: 'error',
    ...defined({ row }),
    field: intakeKey(contract).join(','),
    expected: 'a key that occurs in no other part',
    message: `A row of ${provider} has a key that also occurs in another part.`,
    messageZh: `${provider} 的一行与其他部分主键重复。`,
  }
}
