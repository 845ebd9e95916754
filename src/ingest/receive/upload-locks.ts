/**
 * Locks of uploads: first among the requests of this process, where a new request makes the former one release
 * its lock; then in the database, because several services may share the folder. A service that is killed
 * loses its lock with its connection.
 */
import type { Locker } from '@tus/server'
import type { Database } from '../../db/database.ts'
import { problem } from '../../platform/problem.ts'

/** A request at another service ends when its client disconnects; after this time, the client tries again. */
const waitMilliseconds = 10_000

/** Locks on top of those of the library, which are local to the process. */
export function sharedLocks({ lock }: Pick<Database, 'lock'>, local: Locker): Locker {
  return {
    newLock: (id) => {
      const own = local.newLock(id)
      let release: (() => Promise<void>) | undefined
      return {
        lock: async (signal, requestRelease) => {
          await own.lock(signal, requestRelease)
          try {
            release = await hold(lock, `upload ${id}`)
          } catch (error) {
            await own.unlock()
            throw error
          }
        },
        unlock: async () => {
          const held = release
          release = undefined
          // The upload's bytes are stored; losing the connection meanwhile changes nothing about them.
          await held?.().catch(() => undefined)
          await own.unlock()
        },
      }
    },
  }
}

/** Takes a lock of the database; returns the function that releases it. Throws `not-ready` after a while. */
function hold(lock: Database['lock'], name: string): Promise<() => Promise<void>> {
  const patience = { millisecondsMax: waitMilliseconds, refuse: () => problem('not-ready') }
  return new Promise((resolve, reject) => {
    const held = lock(
      name,
      () =>
        new Promise<void>((end) => {
          resolve(() => {
            end()
            return held
          })
        }),
      patience,
    )
    // Only before it was held; later, whoever releases it gets the error.
    held.catch(reject)
  })
}
