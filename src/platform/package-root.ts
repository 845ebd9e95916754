/** Finds the files that ship with the code, both from the sources and from compiled files. */
import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

let found: string | undefined

/** The folder of this package: the nearest parent whose package.json has its name. Throws if none has. */
export function packageRoot(): string {
  found ??= findRoot(import.meta.dirname)
  return found
}

/** The path of a file or folder of this package, such as `packageFile('datasets')`. */
export function packageFile(path: string): string {
  return join(packageRoot(), path)
}

/** The version of this package. */
export function packageVersion(): string {
  const text = readFileSync(packageFile('package.json'), 'utf8')
  return (JSON.parse(text) as { readonly version: string }).version
}

function findRoot(folder: string): string {
  if (nameIn(folder) === 'qingdan') return folder
  const above = dirname(folder)
  if (above === folder) {
    throw new Error('The code was moved away from its package.json: it can not find datasets/ and drizzle/.')
  }
  return findRoot(above)
}

function nameIn(folder: string): string | undefined {
  try {
    return (JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as { readonly name?: string }).name
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}
