/**
 * The texts of a contract as a table for a spreadsheet: a line for each title and description, with an empty cell
 * where a text is to be filled in. Field names can be changed there too.
 */
import { writeFile } from 'node:fs/promises'
import { stringify } from 'csv-stringify/sync'
import { type Contract, fillInMarker } from '../../contract/index.ts'
import type { Bilingual } from '../../platform/language.ts'

/** The file beside the contract. */
export const textsFile = 'texts.csv'

export const textColumns = ['path', 'name', 'zh', 'en', 'hint'] as const

/** All texts that are still to be filled in. */
export function emptyTexts(value: unknown): readonly string[] {
  if (typeof value === 'string') return value.includes(fillInMarker) ? [value] : []
  if (typeof value !== 'object' || value === null) return []
  return Object.values(value).flatMap(emptyTexts)
}

/** Writes the table, in the form that Excel opens on a Chinese Windows. */
export async function writeTexts(path: string, contract: Contract): Promise<void> {
  const line = (at: string, { zh, en }: Bilingual, name = '') => {
    const hint = [zh, en].flatMap(emptyTexts).map((text) => text.replace(fillInMarker, ''))
    return [at, name, withoutMarker(zh), withoutMarker(en), [...new Set(hint)].join(' / ')]
  }
  const lines = [
    line('title', contract.title),
    line('description', contract.description),
    line('source', contract.source),
    ...contract.fields.flatMap(({ name, title, description }, index) => [
      line(`fields/${index}/title`, title, name),
      line(`fields/${index}/description`, description),
    ]),
  ]
  const text = stringify([textColumns, ...lines], { bom: true, record_delimiter: '\r\n' })
  await writeFile(path, text, { flag: 'wx' })
}

function withoutMarker(text: string): string {
  return text.includes(fillInMarker) ? '' : text
}
