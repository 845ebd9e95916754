/**
 * Whether the database answers, asked on a connection of its own: a pool may be busy with slow statements, and
 * a frozen server neither answers nor closes a connection.
 */
import type pg from 'pg'
import { type CurrentAddress, openConnection } from './connections.ts'

export interface Responsiveness {
  /** Whether the database answers within this time. At most one question is under way at a time. */
  readonly responds: (millisecondsMax: number) => Promise<boolean>
  readonly close: () => Promise<void>
}

/** Opens nothing before the first question. */
export function openResponsiveness(address: CurrentAddress): Responsiveness {
  let client: pg.Client | undefined
  let asking: Promise<boolean> | undefined
  let isClosed = false
  const ask = async (): Promise<boolean> => {
    try {
      if (client === undefined) {
        const opened = await openConnection(address(), 'serve', 'probe')
        opened.once('end', () => {
          if (client === opened) client = undefined
        })
        client = opened
        if (isClosed) throw new Error('the database was closed')
      }
      await client.query('SELECT 1')
      return true
    } catch {
      const failed = client
      client = undefined
      await failed?.end().catch(() => undefined)
      return false
    }
  }
  return {
    responds: async (millisecondsMax) => {
      // The question to a frozen server stays open, and the next callers wait for the same one.
      asking ??= ask().finally(() => {
        asking = undefined
      })
      return withinTime(asking, millisecondsMax)
    },
    close: async () => {
      isClosed = true
      // The end of a session needs an answer too, which a frozen server does not give.
      if (client !== undefined)
        await withinTime(
          client.end().then(() => true),
          closeMilliseconds,
        )
    },
  }
}

const closeMilliseconds = 1_000

async function withinTime(answer: Promise<boolean>, milliseconds: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined
  const timeout = new Promise<boolean>((resolve) => {
    timer = setTimeout(() => resolve(false), milliseconds)
  })
  try {
    return await Promise.race([answer.catch(() => false), timeout])
  } finally {
    clearTimeout(timer)
  }
}
