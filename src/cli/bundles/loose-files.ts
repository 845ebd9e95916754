/**
 * Packs loose files into a bag as their provider would, signed if a key is given. The bag is written to a
 * temporary folder, which contains all their rows and is therefore also deleted when Ctrl+C ends the command.
 */
import { rmSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { loadServiceKey } from '../../accounts/index.ts'
import {
  type BagSource,
  createBag,
  dialectOf,
  type LooseOptions,
  type NewBag,
  openPrivateKey,
  type PrivateKeyFile,
  signBag,
} from '../../bundle/index.ts'
import type { AppContext } from '../../catalogue/index.ts'
import { dayInShanghai, parseMoment } from '../../platform/time.ts'
import { atInterrupt } from '../on-interrupt.ts'

/** A bag to write, and the key to sign it with, if any. */
interface LooseBag extends Omit<NewBag, 'folder'> {
  readonly signWith?: PrivateKeyFile | undefined
}

/** The name of a bag: of its folder and of its ZIP. */
export function bagName({
  dataset,
  edition,
  provider,
  group,
}: Pick<NewBag, 'dataset' | 'edition' | 'provider' | 'group'>): string {
  const which = group === undefined ? '' : `-${group.number}-of-${group.count}`
  return `${dataset}-${edition}-${provider}${which}`
}

/** Loose files as the sources of a bag, each with the options of its table. */
export async function looseSources<T extends BagSource & { readonly source: string }>(
  files: readonly T[],
  options: LooseOptions,
): Promise<readonly T[]> {
  return Promise.all(
    files.map(async (file) => {
      const dialect = await dialectOf(file.source, options)
      return dialect === undefined ? file : { ...file, dialect }
    }),
  )
}

/** Writes a bag, passes its folder to `take`, and always removes it afterwards. */
export async function withBag<T>(
  { signWith, ...bag }: LooseBag,
  take: (folder: string) => Promise<T>,
): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'qingdan-bag-'))
  const unregister = atInterrupt(() => rmSync(folder, { recursive: true, force: true }))
  try {
    const target = join(folder, bagName(bag))
    await createBag({ ...bag, folder: target })
    if (signWith !== undefined) {
      await signBag(target, signWith, { at: signingMoment(bag, signWith), isRepeatable: true })
    }
    return await take(target)
  } finally {
    unregister()
    await rm(folder, { recursive: true, force: true })
  }
}

/** Like withBag, with several bags. */
export async function withBags<T>(
  bags: readonly LooseBag[],
  take: (folders: readonly string[]) => Promise<T>,
): Promise<T> {
  const [first, ...rest] = bags
  if (first === undefined) return take([])
  return withBag(first, (folder) => withBags(rest, (folders) => take([folder, ...folders])))
}

/** Opens the service's own key, which signs bags packed on the command line. */
export async function openServiceKey(context: Pick<AppContext, 'config' | 'clock'>): Promise<PrivateKeyFile> {
  return openPrivateKey((await loadServiceKey(context)).privateKey)
}

/**
 * The start of the bag's day, or the key's creation time if later: the same files packed twice on one day
 * give the same bundle, and ingesting it again changes nothing.
 */
function signingMoment({ clock }: Pick<NewBag, 'clock'>, { createdAt }: PrivateKeyFile): Date {
  const day = parseMoment(dayInShanghai(clock()))
  return day === undefined || day < createdAt ? createdAt : day
}
