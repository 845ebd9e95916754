/**
 * Corrects the driver postgres.js 3.4.9 while it is compiled: a statement that is written after its connection was
 * closed ended the whole process, and a connection whose write was cancelled by its end never wrote again
 * (github.com/porsager/postgres, issues 1154 and 1208). Both happen when a server is stopped under load.
 */
import { readFile } from 'node:fs/promises'
import { basename } from 'node:path'

/** By file. Each place occurs so many times; another number means another version, which has to be looked at. */
const corrections = {
  'connection.js': [
    {
      times: 1,
      from: 'const x = socket.write(chunk, fn)\n',
      to: `if (socket === null) {
      chunk = nextWriteTimer = null
      error(Errors.connection('CONNECTION_CLOSED', options, socket))
      return true
    }
    const x = socket.write(chunk, fn)\n`,
    },
    {
      times: 2,
      from: '    clearImmediate(nextWriteTimer)\n',
      to: '    clearImmediate(nextWriteTimer)\n    chunk = nextWriteTimer = null\n',
    },
  ],
  // A statement of a transaction whose connection was lost took that connection out of the pool for good, or ran
  // outside of any transaction once another statement had opened it again.
  'index.js': [
    { times: 1, from: '    let savepoints = 0\n', to: '    let savepoints = 0\n      , lost = null\n' },
    {
      times: 1,
      from: 'new Promise((_, reject) => connection.onclose = reject)',
      to: 'new Promise((_, reject) => connection.onclose = e => (lost = e, reject(e)))',
    },
    {
      times: 1,
      from: 'q.catch(e => uncaughtError || (uncaughtError = e))\n        c.queue === full',
      to: 'q.catch(e => uncaughtError || (uncaughtError = e))\n        lost ? q.reject(lost) : c.queue === full',
    },
  ],
}

/** A plugin of esbuild. */
export const postgresWrites = {
  name: 'postgres-writes',
  setup({ onLoad }) {
    onLoad(
      { filter: /[\\/]node_modules[\\/]postgres[\\/]src[\\/](connection|index)\.js$/ },
      async ({ path }) => ({
        contents: corrected(await readFile(path, 'utf8'), path),
        loader: 'js',
      }),
    )
  },
}

function corrected(source, path) {
  return corrections[basename(path)].reduce((text, { from, to, times }) => {
    if (text.split(from).length !== times + 1)
      throw new Error(`${path} has changed: look whether build/postgres-writes.mjs is still needed.`)
    return text.replaceAll(from, to)
  }, source)
}
