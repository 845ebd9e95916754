/**
 * Control by a rule that needs the whole edition with everything that was published of it before. Refuses what can't be
 * proven: the officer reads which cells, and what would help. The proof is kept for the next version.
 */
import type { AppContext } from '../../catalogue/index.ts'
import type { Contract } from '../../contract/index.ts'
import type { Runner } from '../../db/database.ts'
import type { ControlledEdition, FormerVersion } from '../../disclosure/index.ts'
import type { RecordValues } from '../../formats/index.ts'
import { type Progress, Refusal, readProof, writeProof } from '../../ingest/index.ts'
import type { Finding } from '../../platform/finding.ts'
import { ControlStopped, controlInThread } from '../control/control-thread.ts'
import type { Derived } from './derive.ts'

interface Input {
  readonly rows: AsyncIterable<readonly RecordValues[]>
  readonly progress: Progress
}

/** The rows as they may be published, and the public summary. Throws Refusal. */
export async function controlWhole(
  context: AppContext,
  { draft }: Pick<Derived, 'draft'>,
  contract: Contract,
  { rows: batches, progress }: Input,
) {
  const former = await readFormer(context.database.work, draft)
  const rows: RecordValues[] = []
  for await (const batch of batches) for (const row of batch) rows.push(row)
  const controlled = await controlInThread({ rows, former }, contract, {
    onStep: (done, all) => progress('prove', done, all),
  }).catch((error: unknown) => {
    if (error instanceof ControlStopped) throw new Refusal({ findings: [stopped(error)] })
    throw error
  })
  if (controlled.outcome === 'refused') throw new Refusal({ findings: findingsOf(controlled) })
  if (controlled.summary.blocks.some(({ unproven }) => unproven !== 0)) throw new Error('a block is unproven')
  context.observe('checkpoint-reached', { step: 'control', point: 'proven' })
  const { rows: published, witnesses, summary } = controlled
  await writeProof(context.database, draft.id, { confidential: rows, published, witnesses })
  context.observe('checkpoint-reached', { step: 'control', point: 'proof-written' })
  return { rows: one(published), summary: () => summary }
}

async function* one(rows: readonly RecordValues[]) {
  yield rows
}

/**
 * All versions of the edition that were public, with their confidential rows, the oldest first: a withdrawn version was
 * read too. Throws Refusal where the rows of one are gone.
 */
async function readFormer(
  runner: Runner,
  { dataset, edition }: Derived['draft'],
): Promise<readonly FormerVersion[]> {
  const versions = await runner<{ id: number; number: number }[]>`
    SELECT v.id::float8 AS id, v.number FROM qingdan.version v JOIN qingdan.edition e ON e.id = v.edition_id
    WHERE e.dataset = ${dataset} AND e.edition = ${edition} AND v.published_at IS NOT NULL
    ORDER BY v.number`
  const former: FormerVersion[] = []
  for (const { id, number } of versions) {
    const proof = await readProof(runner, id)
    if (proof === undefined) throw new Refusal({ findings: [formerMissing(number)] })
    former.push({ version: number, confidential: proof.confidential, published: proof.published })
  }
  return former
}

const error = (check: string, expected: string, message: string, messageZh: string): Finding => ({
  ...{ check, severity: 'error', expected, message, messageZh },
})

function formerMissing(version: number): Finding {
  return error(
    'disclosure-former-missing',
    `the confidential rows of version ${version}`,
    `The confidential rows of version ${version} are gone or were never kept, so nothing shows that both versions ` +
      'together are safe. Publish the correction with the next edition.',
    `第 ${version} 版的保密数据已销毁或从未保存，无法证明两版合并后仍安全。请在下一期次中更正。`,
  )
}

function stopped({ reason, message }: ControlStopped): Finding {
  const words = { time: '超时', memory: '内存不足', cancelled: '已取消', failed: '线程中止' }
  return error(
    'disclosure-stopped',
    'a proof for every withheld count',
    `Nothing was published. ${message}`,
    `未发布任何内容：披露控制${words[reason]}。请合并单元后重试，或在机器空闲时重试。`,
  )
}

/** Cells named in a finding at most: the first ones show the cause. */
const cellsMax = 20

function findingsOf(refused: Extract<ControlledEdition, { outcome: 'refused' }>): readonly Finding[] {
  const { reason, cells, advice } = refused
  const named = cells.slice(0, cellsMax).join('; ')
  const rest = cells.length > cellsMax ? ` and ${cells.length - cellsMax} more` : ''
  switch (reason) {
    case 'unproven':
      return [
        error(
          'disclosure-unproven',
          'a proof for every withheld count',
          `${cells.length} counts could still be computed from what would be published: ${named}${rest}. ${advice}`,
          `${cells.length} 个计数仍可能由公布数据推出：${named}${rest}。请合并单元（如以学段代替年级）、提高 levels.smallShare 或去掉一个等级。`,
        ),
      ]
    case 'contradiction':
      return [
        error(
          'disclosure-contradiction',
          'margins that are the sums of their parts',
          `The data contradict themselves: ${named}. ${advice}`,
          `数据自相矛盾：${named}。请更正数据，使每个合计等于各部分之和，且各等级齐全。`,
        ),
      ]
    case 'nothing-new':
      return [
        error(
          'disclosure-nothing-new',
          'a change that may be shown',
          advice,
          '更正对各计数的改变太小，公布会暴露被更正的个别学生。请在下一期次中更正。',
        ),
      ]
  }
}
