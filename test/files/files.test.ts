import { createHash } from 'node:crypto'
import { mkdir, readdir, rename, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { writeOwner } from '../../src/files/binding.ts'
import { openFiles } from '../../src/files/open-files.ts'
import { storageFaultOf } from '../../src/platform/storage-fault.ts'

async function* chunks(...parts: (string | Uint8Array)[]): AsyncGenerator<string | Uint8Array> {
  yield* parts
}

async function bytesOf(source: AsyncIterable<Uint8Array>): Promise<{ text: string; sizes: number[] }> {
  const all: Uint8Array[] = []
  for await (const chunk of source) all.push(chunk)
  return { text: Buffer.concat(all).toString(), sizes: all.map((chunk) => chunk.length) }
}

t.test('a file is written, read, listed, moved and removed', async (t) => {
  const files = await openFiles({ folder: join(t.testdir(), 'deep', 'files') })
  const digest = createHash('sha256').update('清单 abc').digest('hex')
  t.same(await files.write('a/b/c.csv', chunks('清单', Buffer.from(' abc'))), { bytes: 10, digest })
  t.equal((await bytesOf(files.read('a/b/c.csv'))).text, '清单 abc')
  t.equal((await bytesOf(files.read('a/b/c.csv', { start: 7, end: 8 }))).text, 'ab')
  t.equal((await bytesOf(files.read('a/b/c.csv', { start: 7, end: 6 }))).text, '')
  t.same(await files.find('a/b/c.csv'), { bytes: 10 })
  t.equal(await files.find('a/b'), undefined, 'a folder is not a file')
  t.equal(await files.find('a/none'), undefined)
  await t.rejects(bytesOf(files.read('a/none')), { code: 'ENOENT' })
  await files.write('a/Z', chunks('z'))
  await files.write('é', chunks('e'))
  t.same(await files.list('a'), ['a/Z', 'a/b/c.csv'])
  t.same(await files.list(''), ['a/Z', 'a/b/c.csv', 'é'])
  t.same(await files.list('none'), [])
  await files.write('a/Z', chunks('new'), { replace: true })
  t.equal((await bytesOf(files.read('a/Z'))).text, 'new', 'a write replaces the file where it says so')
  t.equal((await stat(await files.localPath('a/Z'))).mode & 0o777, 0o600)
  const named = await files.write(({ digest, bytes }) => `moved/${digest}-${bytes}`, chunks('named'))
  t.equal(
    (await bytesOf(files.read(`moved/${named.digest}-5`))).text,
    'named',
    'a name computed from the stored bytes',
  )
  await t.rejects(
    files.write(() => '../x', chunks('x')),
    /not allowed/,
  )
  await files.remove('moved')
  await files.remove('moved')
  t.same(await files.list(''), ['a/Z', 'a/b/c.csv', 'é'])
})

t.test('a write never replaces other bytes by accident, and those of a sealed file never', async (t) => {
  const files = await openFiles({ folder: t.testdir() })
  const textOf = async (name: string) => (await bytesOf(files.read(name))).text
  await files.write('v1/a.csv', chunks('first'))
  const again = await files.write('v1/a.csv', chunks('fi', 'rst'))
  t.equal(again.bytes, 5, 'the same bytes again change nothing')
  await t.rejects(files.write('v1/a.csv', chunks('other')), { name: 'FileConflict' })
  await t.rejects(files.write('v1/a.csv', chunks('longer than that')), { name: 'FileConflict' })
  t.equal(await textOf('v1/a.csv'), 'first')
  const [one, two] = await Promise.allSettled([
    files.write('at-once', chunks('one')),
    files.write('at-once', chunks('two')),
  ])
  t.same([one?.status, two?.status].sort(), ['fulfilled', 'rejected'], 'of two writers, the first wins')
  t.equal(await files.seal('v1/a.csv'), true)
  t.equal(await files.seal('v1/none.csv'), false)
  await files.write('v1/a.csv', chunks('first'), { replace: true })
  await t.rejects(files.write('v1/a.csv', chunks('other'), { replace: true }), { name: 'FileConflict' })
  await files.write('v1/draft.csv', chunks('draft'))
  for (const name of ['v1/a.csv', 'v1']) await t.rejects(files.remove(name), { name: 'FileConflict' })
  t.same(await files.list('v1'), ['v1/a.csv', 'v1/draft.csv'], 'a refused removal removes nothing')
  await files.remove('v1/draft.csv')
  await files.remove('v1', { sealed: true })
  t.same(await files.list(''), ['at-once'])
})

t.test('nothing is written or removed where the disk of the folder is not mounted any more', async (t) => {
  const folder = join(t.testdir(), 'files')
  await writeOwner(folder, '00000000-0000-4000-8000-000000000001')
  const files = await openFiles({ folder })
  await files.write('a.csv', chunks('a'))
  await rename(folder, `${folder}.away`)
  const other = async () => {
    for (const change of [
      () => files.write('b.csv', chunks('b')),
      () => files.remove('a.csv'),
      () => files.move('a.csv', 'c.csv'),
      () => files.seal('a.csv'),
    ]) {
      const error = await change().catch((thrown: unknown) => thrown)
      t.equal(storageFaultOf(error), 'missing')
      t.match(error, { name: 'StorageError', message: /is not the folder that was opened/ })
    }
    t.equal(await files.findFault(), 'missing')
  }
  await other()
  await mkdir(folder)
  await other()
  t.same(await readdir(folder), [], 'the empty place of a disk stays empty')
  await writeOwner(folder, '00000000-0000-4000-8000-000000000002')
  await other()
  await rm(folder, { recursive: true })
  await rename(`${folder}.away`, folder)
  t.equal(await files.findFault(), undefined)
  await files.write('b.csv', chunks('b'))
  t.same(await files.list(''), ['a.csv', 'b.csv'])
})

t.test('a large file is read in chunks of 1 MiB', async (t) => {
  const files = await openFiles({ folder: t.testdir() })
  await files.write('large', chunks(Buffer.alloc(2_500_000, 1)))
  t.same((await bytesOf(files.read('large'))).sizes, [1_048_576, 1_048_576, 402_848])
})

t.test('partial files of another machine are left to it for a week', async (t) => {
  const folder = t.testdir({ '.unfinished': {} })
  const path = (name: string) => join(folder, '.unfinished', name)
  await writeFile(path('2147483646.elsewhere.x'), 'half')
  await writeFile(path('2147483646.elsewhere.old'), 'half')
  const daysAgo = (days: number) => new Date(Date.now() - days * 86_400_000)
  await utimes(path('2147483646.elsewhere.x'), daysAgo(6), daysAgo(6))
  await utimes(path('2147483646.elsewhere.old'), daysAgo(8), daysAgo(8))
  await openFiles({ folder })
  t.same(await readdir(join(folder, '.unfinished')), ['2147483646.elsewhere.x'])
})

t.test('a write that fails or is too large leaves the former file', async (t) => {
  const folder = t.testdir()
  const files = await openFiles({ folder })
  await files.write('stored', chunks('12345'), { bytesMax: 5 })
  await t.rejects(files.write('stored', chunks('123', '456'), { bytesMax: 5 }), { code: 'body-too-large' })
  const failing = async function* () {
    yield 'half'
    throw new Error('broken')
  }
  await t.rejects(files.write('stored', failing()), /broken/)
  t.equal((await bytesOf(files.read('stored'))).text, '12345')
  t.same(await readdir(join(folder, '.unfinished')), [], 'no partial file remains')
})

t.test('partial files of a killed process are removed', async (t) => {
  const folder = t.testdir({ '.unfinished': {} })
  await writeFile(join(folder, '.unfinished', '2147483646.x'), 'half')
  await writeFile(join(folder, '.unfinished', `${process.pid}.x`), 'of a running process')
  await openFiles({ folder })
  t.same(await readdir(join(folder, '.unfinished')), [`${process.pid}.x`])
})

t.test('no name leaves the folder', async (t) => {
  const files = await openFiles({ folder: join(t.testdir({ outside: 'o' }), 'files') })
  for (const name of [
    '',
    '/etc/passwd',
    '../outside',
    'a/../../outside',
    '..',
    '.',
    'a//b',
    'a/',
    'a\\b',
    'a\0b',
    'a\nb',
    '.unfinished/x',
    '.owner.json',
    'x'.repeat(1025),
  ]) {
    const shown = JSON.stringify(name.slice(0, 20))
    await t.rejects(files.write(name, chunks('x')), /not allowed/, shown)
    await t.rejects(files.localPath(name), /not allowed/, shown)
    if (name !== '') await t.rejects(files.list(name), /not allowed/, shown)
    t.throws(() => files.read(name), /not allowed/, shown)
  }
  t.same(await files.write(`${'x'.repeat(200)}/…/ü.csv`, chunks('')), {
    bytes: 0,
    digest: createHash('sha256').digest('hex'),
  })
})
