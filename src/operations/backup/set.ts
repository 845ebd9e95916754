/**
 * A set: the state of one moment. Its description lists encrypted objects and is signed; it is readable without
 * a key, so that anybody can check that a set is complete. What the objects are is in the manifest, which is an
 * object itself.
 */
import { randomBytes } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type Static, Type } from 'typebox'
import { Value } from 'typebox/value'
import { checkSignatures, type PublicKeyFile, readPublicKey } from '../../bundle/index.ts'
import { writeFileWhole } from './atomic-file.ts'
import { BackupFault } from './fault.ts'

export const setFormat = 'qingdan-backup/1'
export const setsFolder = 'sets'

const Sha256 = Type.String({ pattern: '^[0-9a-f]{64}$' })

/** An object as it is stored: its name, and size and SHA-256 of the encrypted bytes. */
const StoredObject = Type.Object({ name: Sha256, bytes: Type.Integer({ minimum: 0 }), sha256: Sha256 })
export type StoredObject = Readonly<Static<typeof StoredObject>>

/** Bytes of content before compression and encryption. */
const Content = Type.Object({
  object: Sha256,
  encoding: Type.Union([Type.Literal('gzip'), Type.Literal('identity')]),
  bytes: Type.Integer({ minimum: 0 }),
  sha256: Sha256,
})
export type Content = Readonly<Static<typeof Content>>

const SetDescription = Type.Object({
  format: Type.Literal(setFormat),
  /** The moment of the snapshot. */
  at: Type.String({ pattern: '^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{3}Z$' }),
  /** Version of the service that wrote it. */
  software: Type.String(),
  /** The newest migration of the database. */
  migration: Type.Integer(),
  /** Fingerprint of the key that can decrypt it. */
  recipient: Type.String(),
  /** Public key of the service that signed it. */
  signer: Type.String(),
  manifest: Content,
  objects: Type.Array(StoredObject),
  /** Its own name, so that a renamed set is found out; sets of earlier versions have none. */
  set: Type.Optional(Type.String()),
  /** The beginning of the ledger of erasures that the snapshot includes. */
  erasures: Type.Optional(Type.Object({ bytes: Type.Integer({ minimum: 0 }), sha256: Sha256 })),
})
export type KnownErasures = NonNullable<SetDescription['erasures']>
export type SetDescription = Readonly<Static<typeof SetDescription>>

const TableEntry = Type.Object({
  schema: Type.Union([Type.Literal('qingdan'), Type.Literal('published')]),
  name: Type.String(),
  columns: Type.Array(Type.String()),
  rows: Type.Integer({ minimum: 0 }),
  content: Content,
  /** Of published records: the contract that they follow. */
  contract: Type.Optional(Type.Object({ dataset: Type.String(), contractVersion: Type.Integer() })),
})

const FileEntry = Type.Object({
  /** Below the data folder, with `/`. */
  path: Type.String(),
  content: Content,
})

export const Manifest = Type.Object({
  format: Type.Literal(setFormat),
  at: Type.String(),
  tables: Type.Array(TableEntry),
  sequences: Type.Record(Type.String(), Type.String({ pattern: '^\\d{1,19}$' })),
  /** Contracts of the published records, as they are pinned. */
  contracts: Type.Array(
    Type.Object({ dataset: Type.String(), contractVersion: Type.Integer(), body: Type.Unknown() }),
  ),
  files: Type.Array(FileEntry),
})
export type Manifest = Readonly<Static<typeof Manifest>>
export type TableEntry = Manifest['tables'][number]
export type FileEntry = Manifest['files'][number]

/** A set in a backup folder, whose signature was verified by the key that it names. */
export interface SignedSet {
  readonly name: string
  readonly description: SetDescription
  readonly signer: PublicKeyFile
}

/** A name that sorts by time; the random part separates two sets of one second. */
export function newSetName(at: Date): string {
  return `${stampOf(at.toISOString())}${randomBytes(3).toString('hex')}`
}

const stampOf = (at: string) => `${at.slice(0, 19).replaceAll(':', '')}Z-`

/** Names of the sets of a folder, the oldest first; none if the folder does not exist. */
export async function listSetNames(folder: string): Promise<readonly string[]> {
  const names = await readdir(join(folder, setsFolder)).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return []
    throw error
  })
  return names
    .filter((name) => /^\d{4}-\d\d-\d\dT\d{6}Z-[0-9a-f]{6}\.json$/.test(name))
    .map((name) => name.slice(0, -'.json'.length))
    .sort()
}

/** Writes a set: its signature first, so that a description always has one. */
export async function writeSet(
  folder: string,
  name: string,
  description: SetDescription,
  sign: (bytes: Uint8Array) => Promise<string>,
): Promise<void> {
  const bytes = Buffer.from(`${JSON.stringify(description)}\n`)
  const file = join(folder, setsFolder, `${name}.json`)
  await writeFileWhole(`${file}.asc`, await sign(bytes))
  await writeFileWhole(file, bytes)
}

/**
 * Reads a set and verifies its signature: by `trusted`, or else by the key that the set names, which proves only
 * that the set was not altered since. Throws BackupFault.
 */
export async function readSet(
  folder: string,
  name: string,
  { trusted, now }: { readonly trusted?: PublicKeyFile | undefined; readonly now: Date },
): Promise<SignedSet> {
  const file = join(folder, setsFolder, `${name}.json`)
  const read = (path: string) =>
    readFile(path).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOENT') throw error
      throw new BackupFault('incomplete', `The set ${name} is incomplete: ${path} is missing.`)
    })
  const bytes = await read(file)
  const signature = (await read(`${file}.asc`)).toString('utf8')
  const description = parseDescription(bytes, name)
  if (!name.startsWith(stampOf(description.at)) || (description.set ?? name) !== name) {
    const named = description.set ?? `${stampOf(description.at)}…`
    throw new BackupFault('damaged', `The set ${name} was renamed: it is ${named}. Give it its name again.`)
  }
  const signer = await signerOf(description, name)
  if (trusted !== undefined && trusted.fingerprint !== signer.fingerprint) {
    throw new BackupFault(
      'damaged',
      `The set ${name} names ${signer.fingerprint} as its signer, not ${trusted.fingerprint}, which you trust.`,
    )
  }
  const outcomes = await checkSignatures(bytes, signature, [trusted ?? signer], now)
  if (!outcomes.some(({ good }) => good)) {
    throw new BackupFault('damaged', `The signature of the set ${name} is not valid: ${file} was altered.`)
  }
  return { name, description, signer }
}

function parseDescription(bytes: Buffer, name: string): SetDescription {
  const value = parseJson(bytes)
  const format = (value as { readonly format?: unknown } | undefined)?.format
  if (typeof format === 'string' && format.startsWith('qingdan-backup/') && format !== setFormat)
    throw new BackupFault('newer', `The set ${name} has the format ${format}. Use the version that wrote it.`)
  if (!Value.Check(SetDescription, value))
    throw new BackupFault('damaged', `The description of the set ${name} is damaged.`)
  return value
}

/** JSON, or undefined for bytes that are none. */
export function parseJson(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString('utf8'))
  } catch {
    return undefined
  }
}

async function signerOf({ signer }: SetDescription, name: string): Promise<PublicKeyFile> {
  return readPublicKey(signer).catch(() => {
    throw new BackupFault('damaged', `The set ${name} contains no usable key of its signer.`)
  })
}
