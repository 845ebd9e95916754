/** Golden bytes of each format. Consumers store digests, so a change must be intended. */
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { formats } from '../../src/formats/index.ts'
import { goldenFiles, goldenFolder } from '../support/golden-formats.ts'
import { bytesOf, trialRows } from '../support/trial-records.ts'

t.test('the golden bytes of each format', async (t) => {
  const files = await goldenFiles()
  for (const [name, bytes] of files) {
    const golden = await readFile(join(goldenFolder, name))
    const alike = golden.equals(bytes)
    // Compared as text, for a readable difference.
    if (!alike && !name.endsWith('.parquet')) t.equal(String(bytes), String(golden), name)
    t.ok(alike, `${name}; renew it by \`npm run golden\` and read the diff`)
  }
  t.same((await readdir(goldenFolder)).sort(), [...files.keys()].sort())
})

t.test('equal records give equal bytes, in every format and at any time of day', async (t) => {
  for (const name of formats.keys()) {
    t.ok((await bytesOf(name, trialRows)).equals(await bytesOf(name, trialRows)), name)
  }
})
