/**
 * What every reader may know about the control of a version: how many counts are withheld, that nothing is unproven and
 * against which versions. No figure in it depends on a withheld count: counts of cells by status can be counted in the
 * published file, and the time that the proof took is left out.
 */
import { canonicalJson, digestOf } from '../../platform/digest.ts'
import type { Range } from './ranges.ts'
import type { BlockWitnesses } from './verify.ts'

export interface BlockSummary {
  readonly block: string
  readonly cells: number
  readonly primary: number
  readonly secondary: number
  /** Counts shown at the value of a former version, changed or not. */
  readonly held: number
  /** Width of the tightest interval shown for a primary count, where intervals are shown. */
  readonly tightest?: number
  readonly proven: number
  readonly unproven: 0
}

export interface EditionSummary {
  readonly rule: 'audited-suppression'
  readonly solver: string
  /** Former versions that it is safe against, read together with all of them. */
  readonly safeAgainst: readonly number[]
  /** As in the summary of every rule. */
  readonly records: number
  readonly recordsWithheld: number
  readonly valuesWithheld: number
  readonly byReason: Readonly<Record<string, number>>
  readonly blocks: readonly BlockSummary[]
  readonly words: { readonly zh: string; readonly en: string }
  /** SHA-256 of the witnesses, which are confidential. */
  readonly witnesses: string
}

/** Summarises one block. `statuses` are those of its new version's cells. */
export function summariseBlock(
  block: string,
  statuses: readonly ('F' | 'C' | 'D' | 'held')[],
  primaryRanges: Iterable<Range>,
  proven: number,
): BlockSummary {
  const count = (status: string) => statuses.filter((own) => own === status).length
  const widths = [...primaryRanges].map(([low, high]) => high - low)
  return {
    ...{ block, cells: statuses.length, primary: count('C'), secondary: count('D'), held: count('held') },
    ...(widths.length === 0 ? {} : { tightest: widths.reduce((least, width) => Math.min(least, width)) }),
    ...{ proven, unproven: 0 },
  }
}

/** Summarises an edition from its blocks. */
export function summariseEdition(
  blocks: readonly BlockSummary[],
  witnesses: readonly BlockWitnesses[],
  others: Pick<EditionSummary, 'solver' | 'safeAgainst' | 'records' | 'recordsWithheld' | 'valuesWithheld'>,
): EditionSummary {
  const sum = (of: (block: BlockSummary) => number) => blocks.reduce((all, block) => all + of(block), 0)
  const [primary, secondary] = [sum((of) => of.primary), sum((of) => of.secondary)]
  return {
    rule: 'audited-suppression',
    ...others,
    byReason: { primary, secondary },
    blocks,
    words: {
      zh: `隐去 ${primary} 个人数过少、或会直接透露过少人数的计数；另隐去 ${secondary} 个计数，使前者不能由合计减出。每个计数均已逐一证明不能精确推出。`,
      en:
        `${primary} counts are withheld because they are small or would show a small one directly, and ${secondary} ` +
        `others so that these can't be found by subtraction. A proof exists for each of them.`,
    },
    witnesses: digestOf(canonicalJson(witnesses)),
  }
}
