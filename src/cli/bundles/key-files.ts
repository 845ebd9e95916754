/**
 * OpenPGP key files named in a command line, and the passphrase that opens a private one: from a file, or typed at the
 * terminal without being shown; never from an argument or a setting, which others on the machine could read.
 */
import type { Stats } from 'node:fs'
import { readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import {
  KeyFault,
  keyFileBytesMax,
  openPrivateKey,
  type PrivateKeyFile,
  type PublicKeyFile,
  readPublicKey,
  readPublicKeys,
} from '../../bundle/index.ts'
import { UsageError } from '../command.ts'

export interface PassphraseOption {
  readonly passphraseFile?: string
}

/** Reads one public key from a file. Throws UsageError for what is none. */
export async function readPublicKeyFile(file: string): Promise<PublicKeyFile> {
  return told(file, async () => readPublicKey(await readText(file)))
}

/** Reads the public keys of a file, or of the `.asc` files of a folder. Throws UsageError, also where there is none. */
export async function readKeys(path: string): Promise<readonly PublicKeyFile[]> {
  const files = (await requireThere(path)).isDirectory()
    ? (await readdir(path))
        .filter((name) => /\.asc$/i.test(name))
        .sort()
        .map((name) => join(path, name))
    : [path]
  const keys: PublicKeyFile[] = []
  for (const file of files) keys.push(...(await told(file, async () => readPublicKeys(await readText(file)))))
  if (keys.length === 0) throw new UsageError(`${path} holds no file that ends in .asc.`)
  return keys
}

/** Opens a private key. Throws UsageError for what is none, or where its passphrase is missing or wrong. */
export async function openKeyFile(file: string, options: PassphraseOption): Promise<PrivateKeyFile> {
  return told(file, async () => openPrivateKey(await readText(file), () => passphraseOf(file, options)))
}

async function passphraseOf(file: string, { passphraseFile }: PassphraseOption): Promise<string | undefined> {
  // A line break at the end is the editor's, not the passphrase's.
  if (passphraseFile !== undefined) return (await readText(passphraseFile)).replace(/\r?\n$/, '')
  return process.stdin.isTTY && process.stderr.isTTY ? askHidden(`Passphrase of ${file}: `) : undefined
}

/** Asks at the terminal, and shows nothing of what is typed. */
async function askHidden(question: string): Promise<string | undefined> {
  const { stdin, stderr } = process
  stderr.write(question)
  stdin.setRawMode(true)
  stdin.setEncoding('utf8')
  let typed = ''
  try {
    for await (const chunk of stdin) {
      for (const sign of String(chunk)) {
        if (sign === '\r' || sign === '\n' || sign === '\u0004') return typed
        // Ctrl+C: without the terminal's own handling it is ours to end.
        if (sign === '\u0003') throw new UsageError('Nothing was signed.')
        if (sign === '\u007f' || sign === '\b') typed = [...typed].slice(0, -1).join('')
        else typed += sign
      }
    }
    return undefined
  } finally {
    stdin.setRawMode(false)
    stderr.write('\n')
  }
}

async function readText(file: string): Promise<string> {
  const found = await requireThere(file)
  if (!found.isFile()) throw new UsageError(`${file} is no file.`)
  if (found.size > keyFileBytesMax) throw new KeyFault('too-long')
  return readFile(file, 'utf8')
}

async function requireThere(path: string): Promise<Stats> {
  return stat(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR')
      throw new UsageError(`There is no file or folder ${path}.`)
    throw error
  })
}

/** A key that can't be taken is a command line that can't be meant, with the file that it was about. */
async function told<T>(file: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (error instanceof KeyFault) throw new UsageError(`${file}: ${error.message}`)
    throw error
  }
}
