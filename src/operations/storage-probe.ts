/**
 * Whether the folder of files can be written, for /ready. Anyone may ask at any rate, so it is tried at most
 * once a second; a network share that hangs is noticed by the time it takes.
 */
import { setTimeout as wait } from 'node:timers/promises'
import type { AppContext } from '../catalogue/index.ts'
import type { StorageFault } from '../platform/storage-fault.ts'

type Storage = 'writable' | StorageFault

const answerMilliseconds = 1_500
const freshMilliseconds = 1_000

/** Returns a function that finds the state of the folder; undefined if its disk does not answer in time. */
export function storageProbe({
  files,
  observe,
}: Pick<AppContext, 'files' | 'observe'>): () => Promise<Storage | undefined> {
  let known: { readonly storage: Promise<Storage | undefined>; readonly until: number } | undefined
  let reported: Storage | undefined = 'writable'
  const probe = async (): Promise<Storage | undefined> => {
    const storage = await files.findFault().then(
      (fault) => fault ?? 'writable',
      () => undefined,
    )
    if (storage !== reported) observe('storage-changed', { storage: storage ?? 'unavailable' })
    reported = storage
    return storage
  }
  return async () => {
    const now = performance.now()
    if (known === undefined || now > known.until) {
      const storage = probe()
      // A probe that hangs stays the only one.
      known = { storage, until: Number.POSITIVE_INFINITY }
      void storage.then(() => {
        known = { storage, until: performance.now() + freshMilliseconds }
      })
    }
    const timer = new AbortController()
    const timeout = wait(answerMilliseconds, undefined, { signal: timer.signal }).catch(() => undefined)
    try {
      return await Promise.race([known.storage, timeout])
    } finally {
      timer.abort()
    }
  }
}
