/**
 * Follows docs/intake-channels.md as its reader would: its commands are run in their order, against a
 * service.
 */
import { readFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import t from 'tap'
import { contractOf, field } from '../support/fields.ts'
import { openTestContext } from '../support/open-test-context.ts'
import { run } from '../support/run-cli.ts'
import { spawnService } from '../support/spawn-service.ts'

const contract = contractOf(
  [
    field('well', 'string', { role: 'key', constraints: { required: true } }),
    field('depth', 'integer', { role: 'measure' }),
  ],
  ['well'],
  { dataset: 'well-register', themes: ['education'], formats: ['csv'] },
)

t.test('every intake channel of the page works', async (t) => {
  const testContext = await openTestContext(t, {
    contracts: [contract],
    settings: { QINGDAN_INBOX_SETTLE_SECONDS: '1' },
  })
  const service = await spawnService(t, testContext.environment)
  const page = await readFile('docs/intake-channels.md', 'utf8')
  const blocks = [...page.matchAll(/^```sh\n([\s\S]*?)^```$/gm)].map((match) => match[1] ?? '')
  t.equal(blocks.length, 6, 'the page has its examples')
  const steps = blocks.map((block, index) => `echo; echo "== ${index}"\n${block}`).join('\n')
  const script = `set -eu\nqingdan() { node "${resolve('bin/qingdan')}" "$@"; }\ncd "${testContext.folder}"\n${steps}`
  const { code, stdout, stderr } = await run('bash', ['-c', script], {
    ...testContext.environment,
    BASE: service.base,
  })
  t.equal(code, 0, stderr)
  const responses = stdout.split(/^== \d$/m).map((text) => text.trim())
  t.match(responses[2], /^staged {2}well-register 2025/)
  t.match(responses[3], /^staged[\s\S]*stick\/done\/wells-/)
  t.match(responses[4], /"state":"staged"/)
  const receipt = JSON.parse(await readFile(join(testContext.folder, 'receipt.json'), 'utf8')) as {
    id: string
  }
  t.equal(responses[6], receipt.id, 'and the last chunk names the same bundle')
})
