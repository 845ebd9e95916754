/**
 * Replaces positions in compiled files by those in their sources, in text such as stacks and tap's
 * explanations.
 */
import { readFileSync } from 'node:fs'
import { SourceMap, type SourceMapPayload } from 'node:module'
import { dirname, join, relative } from 'node:path'

/** Replaces every position below the folder `compiled`; what has no source stays as it is. */
export function nameSources(text: string, compiled: string, root: string): string {
  const inside = relative(root, compiled)
  const place = (file: string, line: string, column: string) =>
    sourceOf(root, file, Number(line), Number(column))
  const path = `(?:file://)?(?:${literal(root)})?(${literal(inside)}/[\\w./-]+\\.js)`
  return text
    .replace(new RegExp(`${path}:(\\d+):(\\d+)`, 'g'), (all, file, line, column) => {
      const found = place(file, line, column)
      return found === undefined ? all : `${found.file}:${found.line}:${found.column}`
    })
    .replace(
      new RegExp(`${path}(\\n\\s*lineNumber: )(\\d+)(\\n\\s*columnNumber: )(\\d+)`, 'g'),
      (all, file, before, line, between, column) => {
        const found = place(file, line, column)
        return found === undefined ? all : `${found.file}${before}${found.line}${between}${found.column}`
      },
    )
}

const maps = new Map<string, SourceMap | undefined>()

function sourceOf(root: string, file: string, line: number, column: number) {
  const path = join(root, file)
  if (!maps.has(path)) maps.set(path, readMap(`${path}.map`))
  const entry = maps.get(path)?.findEntry(line - 1, column - 1)
  if (entry === undefined || !('originalSource' in entry)) return undefined
  const { originalSource, originalLine, originalColumn } = entry
  return {
    file: relative(root, join(dirname(path), originalSource)),
    line: originalLine + 1,
    column: originalColumn + 1,
  }
}

function readMap(path: string): SourceMap | undefined {
  try {
    return new SourceMap(JSON.parse(readFileSync(path, 'utf8')) as SourceMapPayload)
  } catch {
    return undefined
  }
}

function literal(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
}
