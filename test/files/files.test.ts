import { createHash } from 'node:crypto'
import { readdir, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { openFiles } from '../../src/files/open-files.ts'

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
  await files.write('a/Z', chunks('new'))
  t.equal((await bytesOf(files.read('a/Z'))).text, 'new', 'a later write replaces the file')
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

t.test('a large file is read in chunks of 1 MiB', async (t) => {
  const files = await openFiles({ folder: t.testdir() })
  await files.write('large', chunks(Buffer.alloc(2_500_000, 1)))
  t.same((await bytesOf(files.read('large'))).sizes, [1_048_576, 1_048_576, 402_848])
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
