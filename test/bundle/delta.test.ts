/** Reading a delta: rows to upsert under the contract, and rows to delete by their key. */

import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { createBag, type Operation, validateBag } from '../../src/bundle/index.ts'
import { buildKeyMatcher, rowPassesOf } from '../../src/bundle/node/rows/delta.ts'
import {
  checksOf,
  clock,
  contract,
  goodCsv,
  header,
  renewTagManifest,
  validationOf,
  verifyAt,
} from '../support/bundle-fixture.ts'

const deletes = 'plot,片区\nA1,北片\nA9,01\n'

t.test('a created delta states its base and the operation of each file', async (t) => {
  const folder = t.testdir()
  await createBag({
    ...{ folder, dataset: contract.dataset, edition: '2025', contractVersion: 2, provider: 'parks', clock },
    ...{ mode: 'delta', against: { version: 3 } },
    files: [
      { name: 'new.csv', source: Buffer.from(goodCsv), operation: 'upsert' },
      { name: 'gone.csv', source: Buffer.from(deletes), operation: 'delete' },
    ],
  })
  const { manifest, findings } = await verifyAt(folder, 'folder')
  t.same(findings, [])
  t.match(manifest, {
    mode: 'delta',
    against: { version: 3 },
    files: [
      { path: 'data/gone.csv', operation: 'delete' },
      { path: 'data/new.csv', operation: 'upsert' },
    ],
  })
  const path = join(folder, 'datapackage.json')
  const good = readFileSync(path, 'utf8')
  const cases: readonly [string, RegExp, number][] = [
    [good.replace('"delta"', '"full"'), /is not allowed in mode full/, 3],
    [good.replace(/,\s*"against": \{[^}]*\}/, ''), /\/qingdan\/against is required in mode delta/, 1],
    [
      good.replace('"operation": "upsert"', '"operation": "insert"'),
      /operation must be equal to one of.*upsert/,
      1,
    ],
    [good.replace('"version": 3', '"version": 0'), /against\/version must be >= 1/, 1],
    [good.replace('"version": 3', '"version": 3, "bundle": "x"'), /must NOT have additional/, 1],
    [
      good.replace(/"qingdan": \{\s*"operation": "upsert"\s*\}/, '"title": "x"'),
      /resources\/1\/qingdan is required/,
      1,
    ],
  ]
  for (const [text, expected, count] of cases) {
    writeFileSync(path, text)
    renewTagManifest(folder)
    const found = (await verifyAt(folder, 'folder')).findings
    t.equal(found.length, count, String(expected))
    t.match(found[0], { check: 'descriptor', expected })
  }
})

async function readDelta(files: Readonly<Record<string, readonly [Operation, string]>>) {
  const { validation, findings } = validationOf(
    Object.fromEntries(Object.entries(files).map(([name, [, text]]) => [name, text])),
  )
  const { manifest } = validation
  const operations = Object.values(files).map(([operation]) => operation)
  const options = {
    ...validation,
    manifest: {
      ...manifest,
      mode: 'delta' as const,
      against: { version: 1 },
      files: manifest.files.map((file, index) => ({ ...file, operation: operations[index] ?? 'upsert' })),
    },
  }
  const meeting = buildKeyMatcher(contract, options.onFinding)
  const rows: Record<string, (readonly (string | null)[])[]> = {}
  for (const reading of rowPassesOf(options)) {
    for await (const batch of validateBag(reading.options)) {
      meeting(reading, batch)
      rows[reading.operation ?? ''] = [
        ...(rows[reading.operation ?? ''] ?? []),
        ...batch.map(({ values }) => values),
      ]
    }
  }
  return { findings, rows }
}

t.test('deletes are read as keys, in any column order and spelling', async (t) => {
  const { findings, rows } = await readDelta({
    'gone.csv': ['delete', deletes],
    'new.csv': ['upsert', `${header}\n01,B1,size,big,12,3.5,,,\n`],
  })
  t.same(findings, [])
  t.same(rows['delete'], [
    ['01', 'A1'],
    ['01', 'A9'],
  ])
  t.equal(rows['upsert']?.length, 1)
})

t.test('files of deletes may have the columns of the key only', async (t) => {
  const { findings } = await readDelta({ 'gone.csv': ['delete', 'plot,area,trees\nA1,01,3\n'] })
  t.match(findings, [{ check: 'header-beyond-key', cell: 'C1', file: 'data/gone.csv' }])
  t.same(checksOf((await readDelta({ 'gone.csv': ['delete', 'plot\nA1\n'] })).findings), ['header-missing'])
  t.same(checksOf((await readDelta({ 'gone.csv': ['delete', 'plot,area\nA1,77\n'] })).findings), [
    'code-unknown',
  ])
  const duplicates = await readDelta({
    'a.csv': ['delete', deletes],
    'b.csv': ['delete', 'plot,area\nA1,01\n'],
  })
  t.same(checksOf(duplicates.findings), ['key-doubled', 'key-doubled'])
})

t.test('a key that is deleted and upserted is reported at the deleting row', async (t) => {
  const { findings } = await readDelta({
    'gone.csv': ['delete', 'plot,area\nA8,01\nB1,01\n'],
    'new.csv': ['upsert', `${header}\n01,B1,size,big,12,3.5,,,\n`],
  })
  t.match(findings, [{ check: 'delta-key-both', file: 'data/gone.csv', row: 3, field: 'area,plot' }])
})
