/**
 * Finds the compiled form of the current sources, and compiles them if there is none. Each form is in
 * dist/<digest>/, named by the digest of its inputs: stale code never runs, a running service keeps the files
 * it was started from, and two simultaneous builds give the same result.
 */
import { createHash } from 'node:crypto'
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { userInfo } from 'node:os'
import { join, relative } from 'node:path'
import { BuildRefusal, build, entries, root } from './build.mjs'

/** Compiled forms on disk: a running service may load further files of an older one. */
const formsMax = 5

/** Longest wait for a lock with a live owner: a build takes a few seconds, on a busy machine a minute. */
const lockSeconds = 120

/**
 * A file that changed less than this before it was read may change again under the same timestamp. Its time
 * is then not trusted, and its bytes are digested.
 */
const settledMilliseconds = 2_000

/** The path of a compiled entry (`main` or `cli`), compiled first if needed. Throws BuildRefusal. */
export async function compiled(entry, from = root) {
  return join(await ensureCompiled(from), `${entry}.js`)
}

/** The folder with the compiled form of the current sources. Throws BuildRefusal if compiling fails. */
export async function ensureCompiled(from = root) {
  const dist = join(from, 'dist')
  const current = inputs(from)
  const stored = readStored(dist)
  if (stored?.stamp === current.stamp && current.isSettled && isThere(join(dist, stored.digest))) {
    return join(dist, stored.digest)
  }
  const digest = digestOf(from, current)
  if (!isThere(join(dist, digest))) return compile(from, dist)
  store(dist, { stamp: current.stamp, digest })
  return join(dist, digest)
}

/** All inputs of the compiled form, with a stamp of the files' times and sizes. Reads no file. */
function inputs(from) {
  const now = Date.now()
  const files = [
    ...['package.json', 'package-lock.json'].map((name) => join(from, name)),
    ...filesBelow(join(from, 'build'), '.mjs'),
    ...filesBelow(join(from, 'src'), '.ts'),
    ...filesBelow(join(from, 'src'), '.tsx'),
  ]
  const hash = createHash('sha256')
  let newest = 0
  for (const file of files) {
    // Unlike mtime, ctime can't be set by hand.
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
    const before = inputs(from)
    const digest = digestOf(from, before)
    const folder = join(dist, digest)
    // Another process compiled it while this one waited for the lock.
    if (isThere(folder)) return folder
    const aside = join(dist, `tmp.${process.pid}`)
    rmSync(aside, { recursive: true, force: true })
    try {
      await buildInto(from, aside)
      const after = inputs(from)
      // Sources that change during the build may be compiled half old, half new.
      if (digestOf(from, after) !== digest) continue
      try {
        renameSync(aside, folder)
      } catch (error) {
        if (!isThere(folder)) throw error
      }
      store(dist, { stamp: after.stamp, digest })
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

/** Takes the lock, a file with its owner's pid; a dead owner's is taken over. The lock only avoids double work. */
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
    // The owner creates the file and then writes its pid; a very young file may have none yet.
    if (!(pid > 0)) return Date.now() - statSync(path).mtimeMs < settledMilliseconds
    process.kill(pid, 0)
    return true
  } catch (error) {
    return error.code === 'EPERM'
  }
}

/** Removes all but the newest forms and the remains of killed builds. Errors are ignored. */
function prune(dist, current) {
  try {
    const names = readdirSync(dist).filter((name) => /^[0-9a-f]{20}$/.test(name) && name !== current)
    const dated = names.map((name) => ({ name, at: statSync(join(dist, name)).mtimeMs }))
    const old = dated.sort((a, b) => b.at - a.at).slice(formsMax - 1)
    const remains = readdirSync(dist).filter((name) => name.startsWith('tmp.'))
    for (const name of [...old.map((form) => form.name), ...remains]) {
      rmSync(join(dist, name), { recursive: true, force: true })
    }
  } catch {}
}

/** Stores which form belongs to the stamp; without it the next start digests all files, at little cost. */
function store(dist, entry) {
  const aside = join(dist, `tmp.${process.pid}.json`)
  try {
    writeFileSync(aside, JSON.stringify(entry))
    renameSync(aside, join(dist, 'current.json'))
  } catch {}
}

function readStored(dist) {
  try {
    return JSON.parse(readFileSync(join(dist, 'current.json'), 'utf8'))
  } catch {
    return undefined
  }
}

function isThere(folder) {
  return statSync(join(folder, 'cli.js'), { throwIfNoEntry: false }) !== undefined
}
