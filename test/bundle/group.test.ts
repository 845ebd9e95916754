/** Several bags as one bundle: their labels, whether they belong together, and the joined bag. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { groupOf, parseBagInfo } from '../../src/bundle/core/bag/bag-info.ts'
import {
  groupFaults,
  groupLimitFaults,
  groupPurposeOf,
  isGrouped,
  joinBags,
  joinManifests,
} from '../../src/bundle/core/bag/group.ts'
import { createBag, openBag, spreadByBytes, spreadByCount, verifyBag } from '../../src/bundle/index.ts'
import {
  checksOf,
  clock,
  contract,
  goodCsv,
  limits,
  renewTagManifest,
  verifyAt,
} from '../support/bundle-fixture.ts'

const bagOf = async (folder: string, number: number, count: number, more: object = {}) => {
  const group = { identifier: 'garden-2025', number, count }
  const files = [{ name: 'rows.csv', source: Buffer.from(goodCsv) }]
  const { dataset } = contract
  const purpose = { dataset, edition: '2025', contractVersion: 2, provider: 'parks' }
  await createBag({ folder, ...purpose, files, clock, group, ...more })
  return folder
}

t.test('labels in any case and over several lines', async (t) => {
  const info = parseBagInfo(
    'BAG-COUNT : 1 of 2\r\nContact-Name: one\n  and two\nContact-Name: three\nno label\n',
  )
  t.same(info.get('bag-count'), ['1 of 2'])
  t.same(info.get('contact-name'), ['one and two', 'three'])
  t.equal(info.size, 2)
})

t.test('a bag states its number and the total, or neither', async (t) => {
  const read = (text: string, bagsMax = 100) => groupOf(parseBagInfo(text), { bagsMax })
  const named = 'Bag-Group-Identifier: g\n'
  t.same(read(`${named}Bag-Count: 2 of 3`), { group: { identifier: 'g', number: 2, count: 3 }, findings: [] })
  t.same(read('Bag-Count: 1 of 1'), { findings: [] }, 'alone')
  t.same(read('Source-Organization: x'), { findings: [] })
  t.ok(read(`${named}Bag-Count: 1 of 100`).group)
  const wrong = [
    ...[named, 'Bag-Count: 1 of 2', `${named}Bag-Count: 1 of ?`, `${named}Bag-Count: 3 of 2`],
    ...[`${named}Bag-Count: 0 of 2`, `${named}Bag-Count: 1 of 101`, `${named}${named}Bag-Count: 1 of 2`],
    ...[`Bag-Group-Identifier:\nBag-Count: 1 of 2`, `${named}Bag-Count: 1 of 2\nBag-Count: 2 of 2`],
    `Bag-Group-Identifier: ${'g'.repeat(201)}\nBag-Count: 1 of 2`,
  ]
  for (const text of wrong) {
    t.match(
      read(text),
      { group: undefined, findings: [{ check: 'group-label', file: 'bag-info.txt' }] },
      text,
    )
  }
  t.ok(read(`Bag-Group-Identifier: ${'g'.repeat(200)}\nBag-Count: 1 of 2`).group)
})

t.test('a created group can be read again', async (t) => {
  const bag = await bagOf(t.testdir(), 2, 3)
  t.match(readFileSync(join(bag, 'bag-info.txt'), 'utf8'), 'Bag-Count: 2 of 3\n')
  const { manifest, findings } = await verifyAt(bag, 'folder')
  t.same(findings, [])
  t.same(manifest?.group, { identifier: 'garden-2025', number: 2, count: 3 })
  writeFileSync(join(bag, 'bag-info.txt'), 'Bag-Group-Identifier: garden-2025\n')
  renewTagManifest(bag)
  t.same(checksOf((await verifyAt(bag, 'folder')).findings), ['group-label'])
})

t.test('bags of a group differ in their number only', async (t) => {
  const folder = t.testdir({ one: {}, two: {} })
  const { manifest } = await verifyAt(await bagOf(join(folder, 'one'), 1, 2), 'folder')
  if (manifest === undefined || !isGrouped(manifest)) throw new Error('the bag is one of a group')
  const there = { number: 2, count: 2, purpose: groupPurposeOf(manifest) }
  t.same(groupFaults(manifest, there), [])
  const faults = (more: Partial<typeof there>) => groupFaults(manifest, { ...there, ...more })
  t.match(faults({ number: 1 }), [{ check: 'group-number' }])
  t.match(faults({ count: 3 }), [{ check: 'group-count', expected: '… of 3' }])
  const others = {
    dataset: 'x',
    edition: '2024',
    contractVersion: 1,
    provider: 'north',
    sequence: 1,
    mode: 'delta',
  }
  for (const [name, value] of Object.entries({ ...others, against: 2 })) {
    const found = faults({ purpose: { ...there.purpose, [name]: value } })
    t.match(found, [{ check: 'group-mixed', expected: `${name}: ${value}` }])
  }
})

t.test('joined bags have all files, prefixed with the number of the bag', async (t) => {
  const folder = t.testdir({ one: {}, two: {} })
  const bags = []
  for (const [index, name] of ['two', 'one'].entries()) {
    const bag = await openBag(await bagOf(join(folder, name), 2 - index, 2), 'folder', limits)
    const { manifest } = await verifyBag(bag, limits)
    if (manifest === undefined || !isGrouped(manifest)) throw new Error('the bag is one of a group')
    bags.push({ bag, manifest })
  }
  const bag = joinBags(bags)
  const manifest = joinManifests(bags.map((one) => one.manifest))
  t.equal(manifest.group, undefined)
  t.same(
    manifest.files.map(({ path }) => path),
    ['bag-1/data/rows.csv', 'bag-2/data/rows.csv'],
  )
  const chunks = []
  for await (const chunk of bag.read('bag-2/data/rows.csv')) chunks.push(chunk)
  t.equal(Buffer.concat(chunks).toString(), goodCsv)
  t.throws(() => bag.read('data/rows.csv'), /no entry/)
  const entries = bag.entries.length
  const bytes = bag.entries.reduce((sum, entry) => sum + entry.bytes, 0)
  t.same(groupLimitFaults(bag, { ...limits, filesMax: entries, bytesMax: bytes }), [])
  t.same(checksOf(groupLimitFaults(bag, { ...limits, filesMax: entries - 1, bytesMax: bytes - 1 })), [
    'too-many-bytes',
    'too-many-files',
  ])
  await bag.close()
})

t.test('files are not split between bags', async (t) => {
  const files = [7, 3, 5, 1, 3].map((bytes, index) => ({ name: `${index}.csv`, bytes }))
  const names = (spread: readonly (readonly { name: string }[])[]) =>
    spread.map((bag) => bag.map(({ name }) => name.slice(0, 1)).join(''))
  t.same(names(spreadByCount(files, 3)), ['0', '23', '14'])
  t.equal(spreadByCount(files, 5).length, 5)
  t.ok(spreadByCount(files, 5).every((bag) => bag.length === 1))
  t.throws(() => spreadByCount(files, 6), /Files are not split/)
  t.same(names(spreadByBytes(files, 7)), ['0', '23', '14'])
  for (const bag of spreadByBytes(files, 7)) t.ok(bag.reduce((sum, { bytes }) => sum + bytes, 0) <= 7)
  t.equal(spreadByBytes(files, 7).flat().length, files.length)
  t.throws(() => spreadByBytes(files, 6), /0\.csv has 7 bytes/)
})
