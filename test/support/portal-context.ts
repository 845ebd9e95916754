/** A service with something on each page of the portal: samples of all kinds, a correction, a withdrawal. */
import { withdraw } from '../../src/publication/index.ts'
import { contractOf, field } from './fields.ts'
import { openTestContext, publishSample, type TestContext } from './open-test-context.ts'

/** A dataset of its own, whose second version corrects the first; an edition of it is withdrawn. */
export const corrected = 'pond-register'

/** All pages, in the order in which a reader might come to them. */
export const portalPages = [
  '/',
  '/lists/2026',
  '/lists/2026?state=overdue',
  '/datasets',
  '/datasets?q=%E4%BD%93%E8%B4%A8',
  '/datasets/student-fitness',
  '/datasets/student-fitness/table?indicator=run_50m&level=fail&sort=-grade',
  '/datasets/student-fitness/compare',
  '/datasets/student-fitness/compare?indicator=run_50m&measure=share&level=fail&by=grade&series=sex',
  '/datasets/student-fitness/compare?by=edition&series=sex',
  '/datasets/student-fitness/editions',
  `/datasets/${corrected}/editions/2025`,
  `/datasets/${corrected}/editions/2025/versions/2`,
  `/datasets/${corrected}/editions/2024/versions/1`,
  '/score',
  '/score?grade=31&sex=1',
  '/venues?day=2026-12-05&time=09:00&activity=basketball',
  '/venues?day=2026-12-05&time=03:00&show=all',
  '/changes',
  '/problems',
  '/problems/dataset-not-found',
  '/status',
  '/developers',
  '/about',
  '/methods',
  '/accessibility',
  '/contact',
] as const

interface Test {
  readonly teardown: (work: () => Promise<void>) => unknown
}

/** Opens the context and publishes. It is the Monday after the last day of November. */
export async function openPortal(t: Test): Promise<TestContext> {
  const contract = contractOf(
    [
      field('pond', 'string', { role: 'key', constraints: { required: true } }),
      field('depth', 'number', { unit: 'm', scale: 1 }),
    ],
    ['pond'],
    { dataset: corrected, themes: ['education'], formats: ['csv', 'xlsx'] },
  )
  const testContext = await openTestContext(t, {
    at: '2026-11-30T04:00:00Z',
    contracts: [contract],
    shipped: [
      ...['annual-open-data-list', 'school-calendar', 'school-sports-venues', 'schools', 'student-fitness'],
    ],
  })
  const { context, take, publish } = testContext
  for (const [dataset, edition, partsMax] of [
    ['annual-open-data-list', '2025', 1],
    ['annual-open-data-list', '2026', 1],
    ['school-calendar', '2026', 1],
    ['school-sports-venues', '2026', 2],
    ['student-fitness', '2024-2025', 2],
  ] as const)
    await publishSample(testContext, dataset, edition, partsMax)
  for (const edition of ['2024', '2025']) {
    await take({ dataset: corrected, edition, rows: 'pond,depth\nnorth,1.5\nsouth,2.0\nwest,0.5\n' })
    await publish(corrected, edition)
  }
  await take({ dataset: corrected, edition: '2025', rows: 'pond,depth\nnorth,1.5\nsouth,2.5\neast,3.0\n' })
  await publish(corrected, '2025', { reason: 'South was measured again.' })
  await withdraw(context, {
    ...{ dataset: corrected, edition: '2024', version: 1, actor: 'cli:test' },
    reason: 'The ponds of another city.',
  })
  return testContext
}
