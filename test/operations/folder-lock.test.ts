/** A lock of a folder of backups: one holder at a time on all machines, and none that has ended or was frozen. */
import { mkdir, readdir, utimes, writeFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { withFolderLock } from '../../src/operations/backup/folder-lock.ts'

const holderOf = (host: string, pid: number) => JSON.stringify({ host, pid, id: 'another' })

t.test('one holder at a time; one that has ended is no holder', async (t) => {
  const folder = join(t.testdir(), 'backups')
  const order = { folder, name: 'backup', millisecondsMax: 0 } as const
  const path = join(folder, '.backup-lock')
  const lock = () => withFolderLock(order, async () => 'held')
  await withFolderLock(order, async ({ check }) => {
    await check()
    await t.rejects(lock(), { name: 'BackupFault', reason: 'busy' })
    t.equal(await withFolderLock({ ...order, name: 'erasures' }, async () => 'held'), 'held')
  })
  t.same(await readdir(folder), [], 'nothing is left')
  for (const [name, holder, expected] of [
    ['on another machine', holderOf('another', 1), 'busy'],
    ['on this machine', holderOf(hostname(), process.ppid), 'busy'],
    ['that has ended', holderOf(hostname(), 2_147_483_646), 'held'],
    ['just being written', '', 'busy'],
  ] as const) {
    await mkdir(folder, { recursive: true })
    await writeFile(path, holder)
    const outcome = await lock().catch((error: { readonly reason: string }) => error.reason)
    t.equal(outcome, expected, `a holder ${name}`)
    const [former, stale] = [new Date(Date.now() - 590_000), new Date(Date.now() - 610_000)]
    await writeFile(path, holderOf('another', 1))
    await utimes(path, former, former)
    await t.rejects(lock(), { name: 'BackupFault', reason: 'busy' }, 'renewed ten minutes ago')
    await utimes(path, stale, stale)
    t.equal(await lock(), 'held', 'taken over at once')
  }
  for (const [seconds, expected] of [
    [9, 'busy'],
    [11, 'held'],
  ] as const) {
    await writeFile(path, '')
    const created = new Date(Date.now() - seconds * 1000)
    await utimes(path, created, created)
    const outcome = await lock().catch((error: { readonly reason: string }) => error.reason)
    t.equal(outcome, expected, `left empty ${seconds} s ago`)
  }
})

t.test('a holder that was frozen for too long notices it', async (t) => {
  const folder = t.testdir()
  const path = join(folder, '.backup-lock')
  const frozen = withFolderLock({ folder, name: 'backup', millisecondsMax: 0 }, async ({ check }) => {
    await writeFile(path, holderOf('another', 1))
    await check()
  })
  await t.rejects(frozen, { name: 'BackupFault', reason: 'busy', message: /another one began/ })
  t.same(await readdir(folder), ['.backup-lock'], 'the lock of the other is left')
})
