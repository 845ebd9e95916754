/**
 * A process that joins the embedded database of a folder, prints its address, and leaves when its input ends.
 */
import { once } from 'node:events'
import { joinCluster } from '../../src/db/embedded/cluster.ts'

const [, , dataFolder = '', clone] = process.argv
const cluster = await joinCluster({
  dataFolder,
  observe: () => undefined,
  ...(clone === undefined ? {} : { clone }),
})
process.stdout.write(`${cluster.addresses.owner}\n`)
process.stdin.resume()
await once(process.stdin, 'end')
await cluster.leave()
