/**
 * Reads OpenPGP key files given on the command line. The passphrase of a private key comes from a file or a
 * hidden prompt; never from an argument or a setting, which others on the machine could read.
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

interface PassphraseOption {
  readonly passphraseFile?: string
}

/** Reads one public key from a file. Throws UsageError if the file holds none. */
export async function readPublicKeyFile(file: string): Promise<PublicKeyFile> {
  return withFileName(file, async () => readPublicKey(await readText(file)))
}

/** Reads the public keys of a file or of the `.asc` files of a folder. Throws UsageError if there is none. */
export async function readKeys(path: string): Promise<readonly PublicKeyFile[]> {
  const files = (await requirePath(path)).isDirectory()
    ? (await readdir(path))
        .filter((name) => /\.asc$/i.test(name))
        .sort()
        .map((name) => join(path, name))
    : [path]
  const keys: PublicKeyFile[] = []
  for (const file of files)
    keys.push(...(await withFileName(file, async () => readPublicKeys(await readText(file)))))
  if (keys.length === 0) throw new UsageError(`${path} contains no .asc file.`)
  return keys
}

/** Opens a private key. Throws UsageError if it is not one, or if its passphrase is missing or wrong. */
export async function openKeyFile(file: string, options: PassphraseOption): Promise<PrivateKeyFile> {
  return withFileName(file, async () =>
    openPrivateKey(await readText(file), () => passphraseOf(file, options)),
  )
}

async function passphraseOf(file: string, { passphraseFile }: PassphraseOption): Promise<string | undefined> {
  // An editor adds a final line break; it is not part of the passphrase.
  if (passphraseFile !== undefined) return (await readText(passphraseFile)).replace(/\r?\n$/, '')
  return process.stdin.isTTY && process.stderr.isTTY ? promptHidden(`Passphrase of ${file}: `) : undefined
}

/** Asks at the terminal without echoing the input. */
async function promptHidden(question: string): Promise<string | undefined> {
  const { stdin, stderr } = process
  stderr.write(question)
  stdin.setRawMode(true)
  stdin.setEncoding('utf8')
  let typed = ''
  try {
    for await (const chunk of stdin) {
      for (const character of String(chunk)) {
        if (character === '\r' || character === '\n' || character === '\u0004') return typed
        // In raw mode the terminal does not handle Ctrl+C, so this code must.
        if (character === '\u0003') throw new UsageError('Nothing was signed.')
        if (character === '\u007f' || character === '\b') typed = [...typed].slice(0, -1).join('')
        else typed += character
      }
    }
    return undefined
  } finally {
    stdin.setRawMode(false)
    stderr.write('\n')
  }
}

async function readText(file: string): Promise<string> {
  const found = await requirePath(file)
  if (!found.isFile()) throw new UsageError(`${file} is not a file.`)
  if (found.size > keyFileBytesMax) throw new KeyFault('too-long')
  return readFile(file, 'utf8')
}

async function requirePath(path: string): Promise<Stats> {
  return stat(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR')
      throw new UsageError(`There is no file or folder ${path}.`)
    throw error
  })
}

/** Reports an unusable key as a usage error that names its file. */
async function withFileName<T>(file: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (error instanceof KeyFault) {
      // Asked for in a terminal; without one there is only the file.
      const advice =
        error.reason === 'passphrase-missing' ? ' Without a terminal: --passphrase-file <file>.' : ''
      throw new UsageError(`${file}: ${error.message}${advice}`)
    }
    throw error
  }
}
