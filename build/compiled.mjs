/**
 * Finds the compiled form of the sources as they are now, and compiles them where there is none. Each form lies in
 * dist/<digest>/, named by the digest of all that it was made of, so that nothing stale is ever run, a running service
 * keeps the files that it was started from, and of two builds at once either gives the same.
 */
import { createHash } from 'node:crypto'
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { userInfo } from 'node:os'
import { join, relative } from 'node:path'
import { BuildRefusal, build, entries, root } from './build.mjs'

/** Forms that are kept: a service that still runs an older one loads some of its files later. */
const formsKept = 5

/** A lock whose owner lives is waited for so long: a build takes a few seconds, on a busy machine a minute. */
const lockSeconds = 120

/**
 * A file changed less than so long before it was looked at may change again under the same time stamp. Its time is not
 * trusted then; its bytes are digested.
 */
const settledMilliseconds = 2_000

/** The path of a compiled entry (`main` or `cli`), compiled first where that is needed. Throws BuildRefusal. */
export async function compiled(entry, from = root) {
  return join(await ensureCompiled(from), `${entry}.js`)
}

/** The folder with the compiled form of the sources as they are. Throws BuildRefusal where they can't be compiled. */
export async function ensureCompiled(from = root) {
  const dist = join(from, 'dist')
  const looked = look(from)
  const kept = readKept(dist)
  if (kept?.stamp === looked.stamp && looked.isSettled && isThere(join(dist, kept.digest))) {
    return join(dist, kept.digest)
  }
  const digest = digestOf(from, looked)
  if (!isThere(join(dist, digest))) return compile(from, dist)
  keep(dist, { stamp: looked.stamp, digest })
  return join(dist, digest)
}

/** All that the compiled form depends on, with a stamp of the files' times and sizes. Reads no file. */
function look(from) {
  const now = Date.now()
  const files = [
    ...['package.json', 'package-lock.json'].map((name) => join(from, name)),
    ...filesBelow(join(from, 'build'), '.mjs'),
    ...filesBelow(join(from, 'src'), '.ts'),
  ]
  const hash = createHash('sha256')
  let newest = 0
  for (const file of files) {
    // The time of the last change of the file's entry can't be set by hand, as that of its bytes can.
    const { size, ino, mtimeMs, ctimeMs } = statSync(file)
    newest = Math.max(newest, mtimeMs, ctimeMs)
    hash.update(`${file}\0${size}\0${ino}\0${mtimeMs}\0${ctimeMs}\n`)
  }
  return { files, stamp: hash.digest('hex'), isSettled: now - newest > settledMilliseconds }
}

function filesBelow(folder, ending) {
  return readdirSync(folder, { recursive: true })
    .filter((name) => name.endsWith(ending))
    .sort()
    .map((name) => join(folder, name))
}

function digestOf(from, { files }) {
  const hash = createHash('sha256')
  for (const file of files) {
    const bytes = readFileSync(file)
    hash.update(`${relative(from, file)}\0${bytes.length}\n`).update(bytes)
  }
  return hash.digest('hex').slice(0, 20)
}

async function compile(from, dist) {
  try {
    mkdirSync(dist, { recursive: true })
    const release = await lock(dist)
    try {
      return await compileLocked(from, dist)
    } finally {
      release()
    }
  } catch (cause) {
    if (!['EACCES', 'EPERM', 'EROFS'].includes(cause.code)) throw cause
    const { username } = userInfo()
    throw new BuildRefusal(
      `The sources have changed since they were compiled, and ${username} may not write ${dist}. ` +
        `As an account that may, run: npm run build`,
      { cause },
    )
  }
}

async function compileLocked(from, dist) {
  for (;;) {
    const before = look(from)
    const digest = digestOf(from, before)
    const folder = join(dist, digest)
    // Another one has compiled it while this one waited for the lock.
    if (isThere(folder)) return folder
    const aside = join(dist, `tmp.${process.pid}`)
    rmSync(aside, { recursive: true, force: true })
    try {
      await buildInto(from, aside)
      const after = look(from)
      // Sources that change meanwhile may be compiled as half old, half new.
      if (digestOf(from, after) !== digest) continue
      try {
        renameSync(aside, folder)
      } catch (error) {
        if (!isThere(folder)) throw error
      }
      keep(dist, { stamp: after.stamp, digest })
    } finally {
      rmSync(aside, { recursive: true, force: true })
    }
    prune(dist, digest)
    return folder
  }
}

async function buildInto(from, outdir) {
  try {
    await build({ entries, outdir, from })
  } catch (cause) {
    if (!Array.isArray(cause.errors)) throw cause
    throw new BuildRefusal(`The sources can't be compiled. ${cause.message}`, { cause })
  }
}

/** Takes the lock, a file with the number of its owner; it only saves work, for either build gives the same. One whose owner is dead is taken over. */
async function lock(dist) {
  const path = join(dist, 'lock')
  const until = Date.now() + lockSeconds * 1_000
  for (;;) {
    try {
      writeFileSync(path, String(process.pid), { flag: 'wx' })
      return () => rmSync(path, { force: true })
    } catch (error) {
      if (error.code !== 'EEXIST') throw error
    }
    if (!isOwned(path)) rmSync(path, { force: true })
    else if (Date.now() > until)
      throw new BuildRefusal(`Another build holds ${path}. If none runs, remove it.`)
    else await new Promise((then) => setTimeout(then, 100))
  }
}

function isOwned(path) {
  try {
    const pid = Number(readFileSync(path, 'utf8'))
    // Its owner makes it and writes its number in two steps; so young it may have none yet.
    if (!(pid > 0)) return Date.now() - statSync(path).mtimeMs < settledMilliseconds
    process.kill(pid, 0)
    return true
  } catch (error) {
    return error.code === 'EPERM'
  }
}

/** Removes old forms but the newest few, and what killed builds have left. Failing that is no failure. */
function prune(dist, current) {
  try {
    const names = readdirSync(dist).filter((name) => /^[0-9a-f]{20}$/.test(name) && name !== current)
    const dated = names.map((name) => ({ name, at: statSync(join(dist, name)).mtimeMs }))
    const old = dated.sort((a, b) => b.at - a.at).slice(formsKept - 1)
    const left = readdirSync(dist).filter((name) => name.startsWith('tmp.'))
    for (const name of [...old.map((form) => form.name), ...left]) {
      rmSync(join(dist, name), { recursive: true, force: true })
    }
  } catch {}
}

/** Notes which form belongs to which stamp; without the note the next start digests all files, which costs little. */
function keep(dist, note) {
  const aside = join(dist, `tmp.${process.pid}.json`)
  try {
    writeFileSync(aside, JSON.stringify(note))
    renameSync(aside, join(dist, 'current.json'))
  } catch {}
}

function readKept(dist) {
  try {
    return JSON.parse(readFileSync(join(dist, 'current.json'), 'utf8'))
  } catch {
    return undefined
  }
}

function isThere(folder) {
  return statSync(join(folder, 'cli.js'), { throwIfNoEntry: false }) !== undefined
}
