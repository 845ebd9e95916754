/**
 * Two small disks for faults that fill them: one for the folders of the campaign, one for the databases. They are
 * mounted in a namespace of this process, which nobody else sees and which ends with it; only root may have one.
 */
import { execFileSync, spawnSync } from 'node:child_process'
import { mkdirSync, statfsSync } from 'node:fs'

export const disks = {
  /** Where root's embedded databases are when their data folder can't be reached by their account. */
  databases: '/var/lib/qingdan',
} as const

/** Memory is used for what is stored only. */
const roomy = '4g'

/** Set in the process that has the namespace. */
const marker = 'CAMPAIGN_DISKS'

/** Why this process can't have disks of its own; undefined if it can. */
export function diskObstacle(): string | undefined {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return 'only root on Linux may mount a disk'
  const { status } = spawnSync('unshare', [
    ...['--mount', '--propagation', 'private', 'sh', '-c'],
    'mount -t tmpfs none /mnt',
  ])
  return status === 0 ? undefined : 'this container does not allow to mount a disk'
}

export function hasDisks(): boolean {
  return process.env[marker] !== undefined
}

/** Runs this program again in a namespace for mounts. Returns its exit code. */
export function runWithDisks(): number {
  const { status } = spawnSync(
    'unshare',
    ['--mount', '--propagation', 'private', process.execPath, ...process.argv.slice(1)],
    { stdio: 'inherit', env: { ...process.env, [marker]: '1' } },
  )
  return status ?? 1
}

/** Mounts a disk on a folder. Nobody but root can enter `mode` 0700. */
export function mountDisk(folder: string, mode: string): void {
  mkdirSync(folder, { recursive: true })
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${roomy},mode=${mode}`, 'none', folder])
}

export function unmountDisk(folder: string): void {
  execFileSync('umount', ['-l', folder])
}

/** Makes a disk as small as what is on it, so that no block is free. */
export function fillDisk(folder: string): void {
  for (let attempt = 1; ; attempt += 1) {
    const { bsize, blocks, bfree } = statfsSync(folder)
    try {
      resize(folder, String((blocks - bfree) * bsize))
      return
    } catch (error) {
      // Somebody has written meanwhile.
      if (attempt === 5) throw error
    }
  }
}

/** Frees the space of a disk. */
export function freeDisk(folder: string): void {
  resize(folder, roomy)
}

function resize(folder: string, size: string): void {
  execFileSync('mount', ['-o', `remount,size=${size}`, folder], { stdio: 'pipe' })
}
