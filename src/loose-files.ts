/** Loose CSV files become a bag, as if their provider had sent one. The bag lies in a temporary folder of its own. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createBag, type NewBag } from './bundle/index.ts'

/** Writes a bag, hands its folder to `take`, and removes it whatever happens. */
export async function withBag<T>(
  bag: Omit<NewBag, 'folder'>,
  take: (folder: string) => Promise<T>,
): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'qingdan-bag-'))
  try {
    await createBag({ ...bag, folder })
    return await take(folder)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}
