/**
 * A bag as a map of files, which a test changes and packs again, with or without updating the manifests. It
 * refuses nothing.
 */
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { ZipFile } from 'yazl'
import { digestOf } from '../../src/platform/digest.ts'

/** Files of a bag by their path inside. */
export type BagFiles = Map<string, Buffer>

/** Reads a bag's folder. */
export async function readBag(folder: string): Promise<BagFiles> {
  const entries = await readdir(folder, { withFileTypes: true, recursive: true })
  const files: BagFiles = new Map()
  for (const entry of entries) {
    if (!entry.isFile()) continue
    const path = join(entry.parentPath, entry.name)
    files.set(path.slice(folder.length + 1), await readFile(path))
  }
  return files
}

/** Changes the content of datapackage.json. */
export function describe(files: BagFiles, change: (descriptor: Descriptor) => void): void {
  const descriptor = JSON.parse(String(files.get('datapackage.json'))) as Descriptor
  change(descriptor)
  files.set('datapackage.json', Buffer.from(JSON.stringify(descriptor)))
}

export interface Descriptor {
  qingdan: Record<string, unknown>
  resources: Record<string, unknown>[]
}

/** Updates sizes and digests everywhere, as somebody who forges a bag would. */
export function seal(files: BagFiles): void {
  const payload = [...files].filter(([path]) => path.startsWith('data/'))
  describe(files, ({ resources }) => {
    for (const resource of resources) {
      const bytes = files.get(String(resource['path']))
      if (bytes === undefined) continue
      resource['bytes'] = bytes.length
      resource['hash'] = `sha256:${digestOf(bytes)}`
    }
  })
  const size = payload.reduce((sum, [, bytes]) => sum + bytes.length, 0)
  files.set('bag-info.txt', Buffer.from(`Payload-Oxum: ${size}.${payload.length}\n`))
  files.set('manifest-sha256.txt', manifestOf(payload))
  const isTag = (path: string) => !path.startsWith('data/') && path !== 'tagmanifest-sha256.txt'
  files.set('tagmanifest-sha256.txt', manifestOf([...files].filter(([path]) => isTag(path))))
}

function manifestOf(files: readonly (readonly [path: string, bytes: Buffer])[]): Buffer {
  return Buffer.from(files.map(([path, bytes]) => `${digestOf(bytes)}  ${path}\n`).join(''))
}

const modes = { file: 0o100_644, link: 0o120_777 }

/** Packs the files as they are. Paths in `links` become symbolic links whose target is the file's content. */
export async function zipFiles(files: BagFiles, links: readonly string[] = []): Promise<Buffer> {
  const zip = new ZipFile()
  for (const [path, bytes] of files) {
    const mode = links.includes(path) ? modes.link : modes.file
    zip.addBuffer(bytes, `bag/${path}`, { mode, mtime: new Date(1980, 0, 1), compress: true })
  }
  zip.end()
  return buffer(zip.outputStream)
}

/** Overwrites the name of an entry with one of the same length, which the packer itself would refuse. */
export function renameEntry(zip: Buffer, from: string, to: string): Buffer {
  if (Buffer.byteLength(from) !== Buffer.byteLength(to)) throw new Error('The names differ in length.')
  return Buffer.from(zip.toString('latin1').replaceAll(from, to), 'latin1')
}
