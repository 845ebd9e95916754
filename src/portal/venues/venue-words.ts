/** Codes and fees of venues in words. */
import { type Contracts, labelOf } from '../../contract/index.ts'
import { inView, type View } from '../view.ts'
import type { OpenVenue } from './find-open.ts'

/** The label of a code; the code itself if the list has none. */
export function labelOfCode(contracts: Contracts, list: string, code: string, view: View): string {
  return inView(view, labelOf(contracts, list, code) ?? { zh: code, en: code })
}

type Fee = Pick<OpenVenue, 'free' | 'fee' | 'feeAmount' | 'feeUnit'>

/** What is charged; empty if nothing is known. */
export function feeText({ free, fee, feeAmount, feeUnit }: Fee, contracts: Contracts, view: View): string {
  const isChinese = view.language === 'zh'
  if (free === true) return isChinese ? '免费' : 'free'
  if (feeAmount !== null) {
    const unit = feeUnit === null ? '' : labelOfCode(contracts, 'fee-units', feeUnit, view)
    return isChinese
      ? `${feeAmount} 元${unit === '' ? '' : `（${unit}）`}`
      : `${feeAmount} yuan${unit === '' ? '' : ` (${unit})`}`
  }
  return fee ?? (free === false ? (isChinese ? '收费' : 'with a fee') : '')
}
