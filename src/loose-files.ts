/**
 * Loose CSV files become a bag, as if their provider had sent one. The bag lies in a temporary folder of its own, which
 * holds all their rows and therefore goes also where Ctrl+C ends the command.
 */
import { rmSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createBag, type NewBag } from './bundle/index.ts'
import { atInterrupt } from './interrupt.ts'

/** What a bag is called: its folder, and the ZIP that it is packed into. */
export function bagName({
  dataset,
  edition,
  provider,
}: Pick<NewBag, 'dataset' | 'edition' | 'provider'>): string {
  return `${dataset}-${edition}-${provider}`
}

/** Writes a bag, hands its folder to `take`, and removes it whatever happens. */
export async function withBag<T>(
  bag: Omit<NewBag, 'folder'>,
  take: (folder: string) => Promise<T>,
): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'qingdan-bag-'))
  const forget = atInterrupt(() => rmSync(folder, { recursive: true, force: true }))
  try {
    const place = join(folder, bagName(bag))
    await createBag({ ...bag, folder: place })
    return await take(place)
  } finally {
    forget()
    await rm(folder, { recursive: true, force: true })
  }
}
