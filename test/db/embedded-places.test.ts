import { chmod, cp, mkdir, readFile, readlink, rename, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { adoptCopiedCluster } from '../../src/db/embedded/copied-cluster.ts'
import { findClusterLocation } from '../../src/db/embedded/location.ts'
import { canReach, findNobody, isRoot, readable, traversable } from '../../src/db/embedded/os-account.ts'
import { explainSpawnError, makeUsable } from '../../src/db/embedded/programs.ts'

/** A package as npm leaves it without its install script. */
async function packageWithoutLinks(folder: string): Promise<string> {
  const native = join(folder, 'native')
  for (const each of ['bin', 'lib', 'share/postgresql']) await mkdir(join(native, each), { recursive: true })
  await writeFile(join(native, 'bin', 'postgres'), 'p', { mode: 0o755 })
  await writeFile(join(native, 'bin', 'initdb'), 'i', { mode: 0o755 })
  await writeFile(join(native, 'lib', 'libx.so.1.2'), 'x')
  await writeFile(join(native, 'share', 'postgresql', 'postgres.bki'), 'b')
  const links = [{ source: 'native/lib/libx.so.1.2', target: 'native/lib/libx.so.1' }]
  await writeFile(join(native, 'pg-symlinks.json'), JSON.stringify(links))
  return native
}

/** A folder below the system's temporary one, which every account can reach. */
async function reachable(t: { readonly teardown: (work: () => Promise<void>) => unknown }): Promise<string> {
  const folder = join(tmpdir(), `qingdan-places-${process.pid}-${Math.random().toString(36).slice(2)}`)
  await mkdir(folder)
  await chmod(folder, 0o755)
  t.teardown(() => rm(folder, { recursive: true, force: true }))
  return folder
}

const helper = async () => (isRoot() ? findNobody() : undefined)

t.test('links that npm omitted are created in the package', async (t) => {
  const folder = await reachable(t)
  const native = await packageWithoutLinks(folder)
  for (const round of ['first', 'second']) {
    t.equal(await makeUsable(native, await helper(), join(folder, 'copy')), native, `${round} start`)
    t.equal(await readlink(join(native, 'lib', 'libx.so.1')), 'libx.so.1.2')
  }
  await t.rejects(stat(join(folder, 'copy')), { code: 'ENOENT' })
})

t.test('a package that cannot be read or written is copied once', async (t) => {
  const folder = await reachable(t)
  await mkdir(join(folder, 'home'))
  const native = await packageWithoutLinks(join(folder, 'home'))
  // Root can write everywhere, but its helper account cannot reach this folder; an ordinary user may lack the
  // right to write.
  const shut = isRoot() ? join(folder, 'home') : join(native, 'lib')
  await chmod(shut, isRoot() ? 0o700 : 0o500)
  t.teardown(() => chmod(shut, 0o700))
  await chmod(join(native, 'share', 'postgresql', 'postgres.bki'), 0o600)
  const copy = join(folder, 'copy')
  const both = [makeUsable(native, await helper(), copy), makeUsable(native, await helper(), copy)]
  t.same(await Promise.all(both), [copy, copy], 'also by two concurrent starts')
  t.equal(await readFile(join(copy, 'lib', 'libx.so.1'), 'utf8'), 'x')
  t.equal((await stat(join(copy, 'bin', 'postgres'))).mode & 0o777, 0o755)
  t.equal((await stat(join(copy, 'share', 'postgresql', 'postgres.bki'))).mode & 0o777, 0o644)
  t.equal(await makeUsable(native, await helper(), copy), copy)
})

t.test('a program that this system cannot load is explained', async (t) => {
  const error = Object.assign(new Error('spawn ENOENT'), { code: 'ENOENT' })
  t.match(explainSpawnError('/x/bin/postgres', error).message, /musl.*DATABASE_URL/)
  t.match(
    explainSpawnError('/x/bin/postgres', Object.assign(new Error('no'), { code: 'EACCES' })).message,
    /EACCES/,
  )
})

t.test('the access of an account is determined from modes', async (t) => {
  const folder = await reachable(t)
  await mkdir(join(folder, 'a', 'b'), { recursive: true })
  await writeFile(join(folder, 'a', 'b', 'file'), '')
  await chmod(join(folder, 'a', 'b', 'file'), 0o604)
  // An account that owns nothing here.
  const stranger = { uid: 65_533, gid: 65_533 }
  const file = join(folder, 'a', 'b', 'file')
  await chmod(join(folder, 'a', 'b'), 0o711)
  t.equal(await canReach(stranger, file, readable), true)
  t.equal(
    await canReach(stranger, join(folder, 'a', 'b'), readable),
    false,
    'it can be traversed but not listed',
  )
  t.equal(await canReach(stranger, join(folder, 'a', 'b'), traversable), true)
  await chmod(join(folder, 'a'), 0o750)
  t.equal(await canReach(stranger, file, readable), false, 'a parent folder cannot be traversed')
  const { uid, gid } = await stat(folder)
  t.equal(
    await canReach({ uid: 65_533, gid }, join(folder, 'a'), traversable),
    true,
    'its group can traverse it',
  )
  t.equal(await canReach({ uid, gid: 65_533 }, file, readable), true, 'its owner can read it')
  t.equal(await canReach(undefined, '/nowhere', readable), true, 'the account of this process is not checked')
})

t.test('a database is in the data folder, or its place is recorded there', async (t) => {
  const folder = await reachable(t)
  const events: unknown[] = []
  const find = (data: string) =>
    findClusterLocation(data, (name, facts) => events.push([name, facts?.['path']]))
  const open = await find(join(folder, 'open'))
  t.equal(open.home, join(folder, 'open'))
  t.same(open.account, await helper())
  t.same(events, [])
  await mkdir(join(folder, 'shut'), { mode: 0o700 })
  const [shut, same] = await Promise.all([
    find(join(folder, 'shut', 'var')),
    find(join(folder, 'shut', 'var')),
  ])
  const record = join(folder, 'shut', 'var', 'database-place')
  if (!isRoot()) {
    t.equal(shut.home, join(folder, 'shut', 'var'), 'an ordinary user needs no other folder')
    await t.rejects(stat(record), { code: 'ENOENT' })
    return
  }
  t.teardown(() => rm(shut.home, { recursive: true, force: true }))
  t.match(shut.home, /^\/var\/lib\/qingdan\/[0-9a-f]{16}$/)
  t.equal(same.home, shut.home, 'two concurrent starts use the same folder')
  t.equal(await readFile(record, 'utf8'), `${shut.home}\n`)
  t.same(events, [
    ['database-moved', shut.home],
    ['database-moved', shut.home],
  ])
  await chmod(join(folder, 'shut'), 0o755)
  t.equal(
    (await find(join(folder, 'shut', 'var'))).home,
    shut.home,
    'it is not moved when the folder becomes accessible',
  )
  await cp(join(folder, 'shut', 'var'), join(folder, 'shut', 'copy'), { recursive: true })
  await t.rejects(
    find(join(folder, 'shut', 'copy')),
    /is a copy of .*cp -a/,
    'two would write to one database',
  )
  await rename(join(folder, 'shut', 'var'), join(folder, 'shut', 'moved'))
  t.equal((await find(join(folder, 'shut', 'moved'))).home, shut.home, 'a moved folder is no copy')
  await rename(join(folder, 'shut', 'moved'), join(folder, 'shut', 'var'))
  await rm(shut.home, { recursive: true })
  await t.rejects(find(join(folder, 'shut', 'var')), /which is missing.*delete .*database-place/)
  await mkdir(join(folder, 'open', 'database'))
  await chmod(join(folder, 'open'), 0o700)
  await t.rejects(find(join(folder, 'open')), /can no longer reach the database.*chmod o\+x/)
})

t.test(
  'a cluster that root has copied is given to its account',
  { skip: !isRoot() && 'needs root' },
  async (t) => {
    const folder = await reachable(t)
    const cluster = join(folder, 'cluster')
    await mkdir(join(cluster, 'base'), { recursive: true })
    await writeFile(join(cluster, 'base', '1'), '')
    const account = await findNobody()
    await adoptCopiedCluster(cluster, account)
    for (const path of [cluster, join(cluster, 'base'), join(cluster, 'base', '1')])
      t.equal((await stat(path)).uid, account.uid, path)
    t.equal((await stat(cluster)).mode & 0o777, 0o700)
    await adoptCopiedCluster(cluster, { uid: 12_345, gid: 12_345 })
    t.equal((await stat(cluster)).uid, account.uid, 'a cluster of another account stays as it is')
  },
)
