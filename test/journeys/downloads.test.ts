/** Distributions over real sockets: whole, in ranges, aborted, and to readers who don't read. */
import { once } from 'node:events'
import { readdir, readlink } from 'node:fs/promises'
import { connect, type Socket } from 'node:net'
import t from 'tap'
import { digestOf } from '../../src/platform/digest.ts'
import { contractOf, field } from '../support/fields.ts'
import { openTestContext } from '../support/open-test-context.ts'

const dataset = 'ferry-register'
const contract = contractOf(
  [field('ferry', 'string', { role: 'key', constraints: { required: true } }), field('remark', 'string')],
  ['ferry'],
  { dataset, themes: ['education'] },
)
const { app, take, publish, lines, get } = await openTestContext(t, { contracts: [contract] })
/** Larger than the socket buffers of the kernel, for a reader who doesn't read. */
const rows = Array.from({ length: 60_000 }, (_, n) => `F${String(n).padStart(7, '0')},${'渡轮'.repeat(40)}\n`)
const text = `ferry,remark\n${rows.join('')}`
await take({ dataset, edition: '2025', rows: text })
await publish(dataset, '2025')
const path = `/v1/datasets/${dataset}/editions/2025/versions/1/files/${dataset}-2025-v1.csv`
await app.listen({ host: '127.0.0.1', port: 0 })
const address = app.server.address()
const port = typeof address === 'object' && address !== null ? address.port : 0
const base = `http://127.0.0.1:${port}`

/** Files of ours that this process has open. */
async function openFiles(): Promise<number> {
  const names = await readdir('/proc/self/fd')
  const targets = await Promise.all(names.map((name) => readlink(`/proc/self/fd/${name}`).catch(() => '')))
  return targets.filter((target) => target.endsWith(`${dataset}-2025-v1.csv`)).length
}

/** Waits until the condition holds: the other end of a socket learns of a close with a delay. */
async function until(isSo: () => Promise<boolean>): Promise<boolean> {
  for (const began = Date.now(); Date.now() - began < 20_000; ) if (await isSo()) return true
  return false
}

/** A reader who has sent a request and has read the beginning of the response. */
async function beginDownload(): Promise<Socket> {
  const socket = connect(port, '127.0.0.1')
  socket.on('error', () => undefined)
  socket.write(`GET ${path} HTTP/1.1\r\nhost: 127.0.0.1:${port}\r\n\r\n`)
  await once(socket, 'readable')
  return socket
}

t.test('the whole file, ranges of it, and its head', async (t) => {
  const bytes = Buffer.from(text)
  const whole = await fetch(`${base}${path}`)
  const body = Buffer.from(await whole.arrayBuffer())
  t.equal(body.length, bytes.length)
  t.equal(digestOf(body), digestOf(bytes))
  const size = bytes.length
  for (const [start, end] of [
    [0, 0],
    [0, 262_143],
    [0, 262_144],
    [262_143, 524_288],
    [1_000_000, 3_000_000],
    [size - 1, size - 1],
  ] as const) {
    const part = await fetch(`${base}${path}`, { headers: { range: `bytes=${start}-${end}` } })
    t.equal(part.status, 206)
    t.equal(digestOf(Buffer.from(await part.arrayBuffer())), digestOf(bytes.subarray(start, end + 1)))
  }
  const head = await fetch(`${base}${path}`, { method: 'HEAD' })
  t.equal(head.headers.get('content-length'), String(size))
  t.equal(head.headers.get('etag'), whole.headers.get('etag'))
  // Not by fetch, which adds `Cache-Control: no-cache` to a conditional request.
  const again = await get(path, { 'if-none-match': head.headers.get('etag') ?? '' })
  t.equal(again.status, 304)
  t.notOk(
    lines.some((line) => line.includes('stream-aborted')),
    'nothing was aborted',
  )
})

t.test(
  'a hundred aborted downloads leave nothing open',
  { skip: process.platform !== 'linux' && 'only Linux lists the open files of a process' },
  async (t) => {
    for (let n = 0; n < 100; n += 10) {
      const sockets = await Promise.all(Array.from({ length: 10 }, beginDownload))
      t.ok((await openFiles()) > 0, 'they are in progress')
      for (const socket of sockets) socket.destroy()
    }
    t.ok(await until(async () => (await openFiles()) === 0))
    t.equal(lines.filter((line) => line.includes('stream-aborted')).length, 100, 'each is logged')
    const after = await fetch(`${base}${path}`)
    t.equal(digestOf(Buffer.from(await after.arrayBuffer())), digestOf(Buffer.from(text)))
  },
)

t.test('a hundred readers who do not read take at most half a mebibyte each', async (t) => {
  const before = process.memoryUsage().arrayBuffers
  const sockets = await Promise.all(Array.from({ length: 100 }, beginDownload))
  for (const socket of sockets) socket.pause()
  const stored = process.memoryUsage().arrayBuffers - before
  // Includes what has arrived in our own sockets at the client end.
  t.ok(stored < 100 * 1024 * 1024, `${stored} bytes`)
  t.equal(
    (await fetch(`${base}/v1/datasets/${dataset}/records`)).status,
    200,
    'other requests are answered meanwhile',
  )
  for (const socket of sockets) socket.destroy()
  const after = await fetch(`${base}${path}`)
  t.equal((await after.arrayBuffer()).byteLength, Buffer.byteLength(text))
})
