/**
 * Connections that are kept open for some seconds after their use: a new one costs the server a process and both
 * sides a login, ten milliseconds in all, and a bundle takes three. One that was not returned in order is closed.
 */
import type pg from 'pg'

export interface KeptConnections {
  /**
   * Runs work on a kept connection, or on a new one, after `prepare`, which shows whether the server still has the kept
   * one. It is kept afterwards only if the work ends without error.
   */
  readonly use: <T>(
    prepare: (client: pg.Client) => Promise<unknown>,
    work: (client: pg.Client) => Promise<T>,
  ) => Promise<T>
  readonly close: () => Promise<void>
}

/** As many as bundles are usually processed at once. */
const idleMax = 4
const idleMilliseconds = 5_000

/** Keeps connections of one kind. None is opened before it is needed. */
export function keepConnections(open: () => Promise<pg.Client>): KeptConnections {
  const idle = new Map<pg.Client, NodeJS.Timeout>()
  let isClosed = false
  const end = async (client: pg.Client) => {
    clearTimeout(idle.get(client))
    idle.delete(client)
    await client.end().catch(() => undefined)
  }
  const keep = async (client: pg.Client) => {
    if (isClosed || idle.size >= idleMax) await end(client)
    else idle.set(client, setTimeout(() => void end(client), idleMilliseconds).unref())
  }
  const takeReady = async (prepare: (client: pg.Client) => Promise<unknown>) => {
    for (;;) {
      const client = [...idle.keys()].at(-1)
      if (client === undefined) return undefined
      clearTimeout(idle.get(client))
      idle.delete(client)
      const isReady = await prepare(client).then(
        () => true,
        () => false,
      )
      if (isReady) return client
      await end(client)
    }
  }
  const openReady = async (prepare: (client: pg.Client) => Promise<unknown>) => {
    const client = await open()
    // The server may end a connection that is kept, as at its restart.
    client.once('end', () => void end(client))
    try {
      await prepare(client)
      return client
    } catch (error) {
      await end(client)
      throw error
    }
  }
  return {
    use: async (prepare, work) => {
      const client = (await takeReady(prepare)) ?? (await openReady(prepare))
      try {
        const result = await work(client)
        await keep(client)
        return result
      } catch (error) {
        await end(client)
        throw error
      }
    },
    close: async () => {
      isClosed = true
      await Promise.all([...idle.keys()].map(end))
    },
  }
}
