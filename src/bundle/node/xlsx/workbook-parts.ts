/**
 * The parts of an XLSX (ECMA-376, part 2): a ZIP in a scratch file, read by its central directory. Rejects
 * other files, encrypted ones, and active or external content: macros, controls, links to workbooks and data.
 */

import { Readable } from 'node:stream'
import { fromRandomAccessReaderPromise, RandomAccessReader, type ZipFile } from 'yauzl'
import { refuseBag } from '../../core/bag/bag.ts'
import { type BundleCheck, BundleRefusal } from '../../core/findings/checks.ts'
import type { Relationship, WorkbookLocation, WorkbookParts } from '../../core/xlsx/workbook-shapes.ts'
import { parseXml, XmlFault, type XmlHandlers } from '../../core/xlsx/xml-events.ts'
import { listEntries, notAZip, readEntry, zipOptions } from '../bag/zip.ts'
import type { ZipBytes } from '../bag/zip-directory.ts'
import type { Scratch } from '../rows/scratch-file.ts'

/** Longest tag or text of the parts that hold no cells. */
const tokenMax = 1 << 20

/** Opens the parts of a workbook. Throws BundleRefusal. */
export async function openParts(scratch: Scratch, place: WorkbookLocation): Promise<WorkbookParts> {
  const { file } = place
  await refuseOtherKinds(scratch, file)
  const zip = await asWorkbook(place, () => openScratchZip(scratch))
  try {
    const entries = await asWorkbook(place, () => listEntries(zip, zipBytesOf(scratch), place.limits))
    const byPath = new Map(entries.map((entry) => [entry.path.toLowerCase(), entry]))
    const has = (path: string) => byPath.has(path.toLowerCase())
    for (const { path } of entries) refuseActive(path, file)
    async function* parse(path: string, handlers: XmlHandlers, max = tokenMax) {
      const entry = byPath.get(path.toLowerCase())
      if (entry === undefined) refuseBag('workbook-damaged', { file })
      yield* asWorkbookEach(place, parseXml(readEntry(zip, entry, place.limits), handlers, max))
    }
    if (!has(typesPath)) refuseBag('workbook-kind', { file, expected: '.xlsx' })
    const parts = { parse, has, relationshipsOf: (path: string) => relationshipsOf(path, { parse, has }) }
    await refuseTypes(parts, file)
    const root = (await parts.relationshipsOf('')).find(({ type }) => type === 'officedocument')
    if (root?.target === undefined) refuseBag('workbook-kind', { file, expected: '.xlsx' })
    return { ...parts, main: root.target, close: () => zip.close() }
  } catch (error) {
    zip.close()
    throw error
  }
}

function zipBytesOf(scratch: Scratch): ZipBytes {
  const take = async (from: number, length: number) => {
    const chunks: Buffer[] = []
    for await (const chunk of scratch.read(from, from + length)) chunks.push(chunk)
    return Buffer.concat(chunks)
  }
  return { size: scratch.bytes(), take }
}

/** First bytes of an OLE compound file: an old workbook, or one with a password (MS-OFFCRYPTO 2.3). */
const compound = Buffer.from('d0cf11e0a1b11ae1', 'hex')
/** A directory entry, near the beginning, that only an encrypted workbook has. */
const encryptedPackage = Buffer.from('EncryptedPackage', 'utf16le')
const inspectedBytes = 1 << 20

async function refuseOtherKinds(scratch: Scratch, file: string): Promise<void> {
  if (scratch.bytes() === 0) refuseBag('file-empty', { file })
  const chunks: Buffer[] = []
  for await (const chunk of scratch.read(0, inspectedBytes)) chunks.push(chunk)
  const start = Buffer.concat(chunks)
  if (start.subarray(0, compound.length).equals(compound)) {
    const encrypted = start.includes(encryptedPackage)
    refuseBag(encrypted ? 'workbook-encrypted' : 'workbook-kind', { file, expected: '.xlsx' })
  }
  if (!'PK'.startsWith(start.toString('latin1', 0, 2)))
    refuseBag('workbook-kind', { file, expected: '.xlsx' })
}

function openScratchZip(scratch: Scratch): Promise<ZipFile> {
  class ScratchReader extends RandomAccessReader {
    override _readStreamForRange(start: number, end: number): Readable {
      return Readable.from(scratch.read(start, end), { objectMode: false })
    }
  }
  return fromRandomAccessReaderPromise(new ScratchReader(), scratch.bytes(), zipOptions).then((zip) => {
    // An error while no read is waiting would otherwise end the process.
    zip.on('error', () => {})
    return zip
  }, notAZip)
}

/** Maps ZIP findings to workbook findings: they concern the provider's file, not its parts. */
const workbookChecksByZipCheck: Partial<Record<string, BundleCheck>> = {
  inflation: 'workbook-large',
  'too-many-files': 'workbook-large',
  'too-many-bytes': 'workbook-large',
  'zip-encrypted': 'workbook-encrypted',
  'zip-trailing': 'workbook-trailing',
}

/** Rethrows errors of the ZIP or its XML as findings about the workbook. */
function rethrow(error: unknown, { file }: WorkbookLocation): never {
  if (error instanceof XmlFault) {
    const { trouble } = error
    refuseBag(
      trouble === 'doctype'
        ? 'workbook-doctype'
        : trouble === 'damaged'
          ? 'workbook-damaged'
          : 'workbook-large',
      { file },
    )
  }
  if (!(error instanceof BundleRefusal)) throw error
  const [first] = error.findings
  if (first?.file === file) throw error
  const check = workbookChecksByZipCheck[first?.check ?? ''] ?? 'workbook-damaged'
  refuseBag(check, { file, ...(first?.expected === undefined ? {} : { expected: first.expected }) })
}

function asWorkbook<T>(place: WorkbookLocation, act: () => Promise<T>): Promise<T> {
  return act().catch((error: unknown) => rethrow(error, place))
}

async function* asWorkbookEach<T>(place: WorkbookLocation, source: AsyncGenerator<T>): AsyncGenerator<T> {
  try {
    yield* source
  } catch (error) {
    rethrow(error, place)
  }
}

/** Rejects parts by name that no sheet needs. Some producers omit them from the content types. */
function refuseActive(path: string, file: string): void {
  if (/(^|\/)(vbaproject\.bin|vbadata\.xml|vbaprojectsignature.*\.bin)$/i.test(path)) {
    refuseBag('workbook-macros', { file })
  }
  if (/(^|\/)(macrosheets|activex)\//i.test(path)) refuseBag('workbook-macros', { file })
  if (/(^|\/)externallinks\//i.test(path) || /(^|\/)connections\.xml$/i.test(path)) {
    refuseBag('workbook-external', { file })
  }
}

const typesPath = '[Content_Types].xml'

/** Rejects parts by content type, which counts wherever the part is. */
async function refuseTypes({ parse }: Pick<WorkbookParts, 'parse'>, file: string): Promise<void> {
  const types = new Set<string>()
  const open = (name: string, attributes: Readonly<Record<string, string>>) => {
    if (name === 'Override' || name === 'Default') types.add((attributes['ContentType'] ?? '').toLowerCase())
  }
  for await (const _chunk of parse(typesPath, { open }));
  const some = (pattern: RegExp) => [...types].some((type) => pattern.test(type))
  if (some(/sheet\.binary/)) refuseBag('workbook-kind', { file, expected: '.xlsx' })
  if (some(/macroenabled|vbaproject|macrosheet|activex/)) refuseBag('workbook-macros', { file })
  if (some(/spreadsheetml\.(externallink|connections)/)) refuseBag('workbook-external', { file })
  if (!some(/spreadsheetml\.(sheet|template)\.main/)) refuseBag('workbook-kind', { file, expected: '.xlsx' })
}

/** The relationships of a part, or of the package if `path` is empty; none if the part is absent. */
async function relationshipsOf(
  path: string,
  { parse, has }: Pick<WorkbookParts, 'parse' | 'has'>,
): Promise<readonly Relationship[]> {
  const slash = path.lastIndexOf('/') + 1
  const folder = path.slice(0, slash)
  const rels = `${folder}_rels/${path.slice(slash)}.rels`
  if (!has(rels)) return []
  const found: Relationship[] = []
  const open = (name: string, attributes: Readonly<Record<string, string>>) => {
    if (name !== 'Relationship') return
    const { Id: id = '', Type: type = '', Target: target = '', TargetMode: mode } = attributes
    const relationship = { id, type: type.slice(type.lastIndexOf('/') + 1).toLowerCase() }
    found.push(mode === 'External' ? relationship : { ...relationship, target: resolve(folder, target) })
  }
  for await (const _chunk of parse(rels, { open }));
  return found
}

/** A target is relative to its source's folder, or to the root if it begins with a slash. */
function resolve(folder: string, target: string): string {
  const segments: string[] = []
  for (const segment of (target.startsWith('/') ? target : `${folder}${target}`).split('/')) {
    if (segment === '..') segments.pop()
    else if (segment !== '' && segment !== '.') segments.push(segment)
  }
  return segments.join('/')
}
