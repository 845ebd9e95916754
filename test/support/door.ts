/** A door to a server that a test can close: its connections end, and new ones are refused until it opens again. */
import { once } from 'node:events'
import { createServer, connect as open, type Server, type Socket } from 'node:net'

export interface Door {
  /** The address of the server, through the door. */
  readonly url: string
  /** Ends all connections, and refuses others. */
  readonly close: () => Promise<void>
  readonly open: () => Promise<void>
  /** Closes the door as soon as a client sends this text, which the server does not receive. */
  readonly closeAt: (text: string) => void
}

interface Test {
  readonly teardown: (work: () => Promise<void>) => unknown
}

/** Opens a door to the server of this address. */
export async function doorTo(t: Test, address: string): Promise<Door> {
  const to = new URL(address)
  const sockets = new Set<Socket>()
  let server: Server | undefined
  let trigger: string | undefined
  const close = async () => {
    const ended = server && once(server, 'close')
    server?.close()
    server = undefined
    for (const socket of sockets) socket.destroy()
    await ended
  }
  const accept = (client: Socket) => {
    const behind = open(Number(to.port), to.hostname)
    for (const [from, into] of [
      [client, behind],
      [behind, client],
    ] as const) {
      sockets.add(from)
      from.on('error', () => undefined)
      from.on('close', () => {
        sockets.delete(from)
        into.destroy()
      })
    }
    behind.on('data', (bytes) => client.write(bytes))
    client.on('data', (bytes) => {
      if (trigger === undefined || !bytes.includes(trigger)) return behind.write(bytes)
      trigger = undefined
      return close()
    })
  }
  const listen = async (port: number): Promise<number> => {
    server = createServer(accept).listen(port, '127.0.0.1')
    await once(server, 'listening')
    return (server.address() as { readonly port: number }).port
  }
  const port = await listen(0)
  const url = new URL(address)
  url.hostname = '127.0.0.1'
  url.port = String(port)
  t.teardown(close)
  return {
    url: url.href,
    close,
    open: async () => void (await listen(port)),
    closeAt: (text) => {
      trigger = text
    },
  }
}
