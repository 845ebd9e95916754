/**
 * Corrects the driver postgres.js 3.4.9 while it is compiled, as docs/decisions/0041 explains: a server that is
 * stopped under load ended the process, or left a pool without connections.
 */
import { readFile } from 'node:fs/promises'
import { basename } from 'node:path'

/** By file. Each place occurs so many times; another number means another version, which has to be looked at. */
const corrections = {
  'connection.js': [
    // A statement written after its connection was closed threw from a callback that nobody can catch.
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
    // A connection whose write was cancelled by its end never wrote again.
    {
      times: 2,
      from: '    clearImmediate(nextWriteTimer)\n',
      to: '    clearImmediate(nextWriteTimer)\n    chunk = nextWriteTimer = null\n',
    },
    // The types of arrays are read before the first statement, which gets the same error and can handle it.
    { times: 1, from: 'return fetchArrayTypes()\n', to: 'return fetchArrayTypes().catch(() => {})\n' },
    // A connection closed meanwhile kept that question, and mistook the next answer for its own.
    {
      times: 1,
      from: 'if (initial)\n      return reconnect()',
      to: 'if (initial && !query)\n      return reconnect()',
    },
    // What the former session reported last was thrown at the first statement of the next one.
    {
      times: 1,
      from: '    closedTime = performance.now()\n',
      to: '    query = errorResponse = null\n    closedTime = performance.now()\n',
    },
  ],
  // A statement of a transaction whose connection was lost took that connection out of the pool for good, or ran
  // outside of any transaction once another statement had opened it again; one that waited its turn never ended.
  'index.js': [
    { times: 1, from: '    let savepoints = 0\n', to: '    let savepoints = 0\n      , lost = null\n' },
    {
      times: 1,
      from: 'new Promise((_, reject) => connection.onclose = reject)',
      to: `new Promise((_, reject) => connection.onclose = e => {
          lost = e
          while (queries.length) queries.shift().reject(e)
          reject(e)
        })`,
    },
    {
      times: 1,
      from: 'q.catch(e => uncaughtError || (uncaughtError = e))\n        c.queue === full',
      to: 'q.catch(e => uncaughtError || (uncaughtError = e))\n        lost ? q.reject(lost) : c.queue === full',
    },
  ],
}

/** A plugin of esbuild. */
export const correctedDriver = {
  name: 'corrected-driver',
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
      throw new Error(`${path} has changed: look whether build/corrected-driver.mjs is still needed.`)
    return text.replaceAll(from, to)
  }, source)
}
