/** Which rules of disclosure a contract may have whose rows are about persons. */
import t from 'tap'
import { ContractError, type LoadOptions, loadContracts } from '../../src/contract/index.ts'
import { contractFolder, exampleContract } from './example.ts'

t.test('rows about persons need the rule that proves', async (t) => {
  const personal = (contractVersion: number, rule: string | undefined) => ({
    ...exampleContract(),
    contractVersion,
    intake: { personal: true, fields: exampleContract().fields, primaryKey: ['tree'] },
    derivation: { name: 'any' },
    disclosure: rule === undefined ? undefined : { rule },
  })
  const load = (rules: readonly (string | undefined)[], more: Partial<LoadOptions> = {}) => {
    const files = rules.map((rule, n) => [`contract.v${n + 1}.json`, personal(n + 1, rule)] as const)
    return loadContracts({ folders: [contractFolder(t, Object.fromEntries(files))], ...more })
  }
  const proven = 'audited-suppression'
  for (const [rules, path] of [
    [[undefined], '/disclosure'],
    [['minimum-count'], '/disclosure/rule'],
    [[proven, 'minimum-count'], '/disclosure/rule'],
  ] as const) {
    const error = await load(rules).catch((reason: unknown) => reason)
    if (!(error instanceof ContractError)) throw new Error('nothing was rejected')
    const { faults, message } = error
    t.ok(faults.some((fault) => fault.path === path))
    t.match(message, /"audited-suppression"[\s\S]*docs\/disclosure.md/, 'it says what to write')
  }
  t.ok(await load([proven]))
  const former = await load(['minimum-count', proven])
  t.equal(former.versions('tree-register').length, 2, 'a former contract stays readable')
  t.ok(await load(['minimum-count'], { isMirror: true }), 'nobody delivers to a mirror')
  const { document, digest } = former.get('tree-register', 1)
  const inUse = [{ dataset: 'tree-register', contractVersion: 1, digest, document }]
  t.ok(await load(['minimum-count'], { inUse }), 'a contract in use goes on, for synthetic rows')
})
