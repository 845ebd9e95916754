/** `qingdan disclosure`: checks the proofs of withheld counts, and says what is withheld. */
import { problem } from '../../platform/problem.ts'
import { type CheckedProof, checkProofs } from '../../publication/index.ts'
import { type Common, exitCodes } from '../command.ts'
import { print } from '../output.ts'
import { languageInUse } from '../phrases.ts'
import { withContext } from '../with-context.ts'

const stateTexts: Readonly<Record<CheckedProof['state'], { readonly zh: string; readonly en: string }>> = {
  proven: { zh: '全部证明成立', en: 'all proofs hold' },
  faulty: { zh: '有证明不成立', en: 'a proof does not hold' },
  destroyed: {
    zh: '证明已随保密统计一并销毁',
    en: 'the proofs have been destroyed with the confidential statistics',
  },
  'other-rule': { zh: '按不含证明的规则发布', en: 'published under a rule without proofs' },
}

/** Faults printed at most. */
const faultsMax = 20

export async function verify(dataset: string, edition: string, options: Common): Promise<number> {
  const checked = await check(dataset, edition)
  print.result(
    options,
    checked.map(({ version, state, faults }) => ({ version, state, faults })),
    () => {
      for (const { version, state, faults } of checked) {
        print.line(`version ${version}: ${stateTexts[state][languageInUse()]}`)
        for (const fault of faults.slice(0, faultsMax)) print.line(`  ${fault}`)
      }
    },
  )
  if (checked.some(({ state }) => state === 'faulty')) return exitCodes.failed
  return checked.some(({ state }) => state === 'proven') ? exitCodes.ok : exitCodes.problem
}

export async function explain(dataset: string, edition: string, options: Common): Promise<void> {
  const checked = await check(dataset, edition)
  print.result(
    options,
    checked.map(({ version, summary }) => ({ version, summary })),
    () => {
      for (const { version, state, summary } of checked) {
        if (summary === null) {
          print.line(`version ${version}: ${stateTexts[state][languageInUse()]}`)
          continue
        }
        print.line(`version ${version}: ${summary.words[languageInUse()]}`)
        if (summary.safeAgainst.length > 0)
          print.line(`  proven together with version ${summary.safeAgainst.join(', ')}`)
        for (const { block, cells, primary, secondary, held, tightest } of summary.blocks)
          print.line(
            `  ${block || '_T'}: ${cells} counts, ${primary} with C, ${secondary} with D, ${held} held; tightest range of a C: ${tightest ?? '-'}`,
          )
      }
    },
  )
}

const check = (dataset: string, edition: string) =>
  withContext(async (context) => {
    context.contracts.get(dataset)
    const checked = await checkProofs(context, { dataset, edition })
    if (checked.length === 0) throw problem('edition-not-found', { path: 'edition' })
    return checked
  })
