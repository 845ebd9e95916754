/**
 * Stack traces that name the TypeScript sources. Node's own `--enable-source-maps` reads every map at start;
 * this module reads a map only when a stack is first requested.
 */
import { readFileSync } from 'node:fs'
import { SourceMap } from 'node:module'
import { dirname, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

const maps = new Map()

/** Maps positions in compiled files to positions in their sources. */
export function readableStacks() {
  Error.prepareStackTrace = (error, calls) => {
    const head = headOf(error)
    return calls.length === 0 ? head : `${head}\n    at ${calls.map(shown).join('\n    at ')}`
  }
}

function headOf(error) {
  try {
    return Error.prototype.toString.call(error)
  } catch {
    return 'Error'
  }
}

function shown(call) {
  const text = String(call)
  const file = call.getFileName()
  const [line, column] = [call.getLineNumber(), call.getColumnNumber()]
  if (!file?.startsWith('file:') || line === null || column === null) return text
  const source = sourceOf(file, line, column)
  return source === undefined ? text : text.replace(`${file}:${line}:${column}`, source)
}

function sourceOf(file, line, column) {
  if (!maps.has(file)) maps.set(file, readMap(fileURLToPath(file)))
  const found = maps.get(file)
  const entry = found?.map.findEntry(line - 1, column - 1)
  if (entry?.originalSource === undefined) return undefined
  return `${resolve(found.folder, entry.originalSource)}:${entry.originalLine + 1}:${entry.originalColumn + 1}`
}

function readMap(path) {
  try {
    return { folder: dirname(path), map: new SourceMap(JSON.parse(readFileSync(`${path}.map`, 'utf8'))) }
  } catch {
    return undefined
  }
}
