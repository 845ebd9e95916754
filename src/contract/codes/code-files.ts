/**
 * Reads code lists from CSV. Refuses bytes that are not UTF-8, ambiguous codes or labels, invalid days, and
 * unknown successors.
 */
import { parse } from 'csv-parse/sync'
import { stringify } from 'csv-stringify/sync'
import { isDay } from '../../platform/time.ts'
import type { LoadedContract } from '../contract.ts'
import type { Complaint } from '../contract-errors.ts'
import { fillInMarker, fillInMessage } from '../fill-in.ts'
import { listNameIn } from '../former-names.ts'
import { buildCodeList, type Code, type CodeList } from './codes.ts'

const ownColumns = ['code', 'zh', 'en', 'valid_from', 'valid_until', 'replaced_by', 'under']

/** A code with its line number in the file, for reporting faults. */
interface Line {
  readonly code: Code
  readonly line: number
}

/** The codes of one file, and its faults. */
export function parseCodeFile(bytes: Uint8Array): {
  codes: readonly Code[]
  complaints: readonly Complaint[]
} {
  const complaints: Complaint[] = []
  const rows = rowsOf(bytes, complaints)
  const header = rows[0] ?? []
  for (const column of ['code', 'zh', 'en']) {
    if (!header.includes(column)) complaints.push(['line 1', `add the column "${column}"`])
  }
  if (new Set(header).size !== header.length) complaints.push(['line 1', 'name each column once'])
  if (complaints.length > 0) return { codes: [], complaints }
  const lines = rows.slice(1).map((cells, index) => ({ code: readCode(header, cells), line: index + 2 }))
  if (lines.length === 0) complaints.push(['', 'add at least one code'])
  for (const line of lines) complaints.push(...lineComplaints(line))
  return { codes: lines.map(({ code }) => code), complaints }
}

/** The faults of a whole list, after all files that add to it are joined. */
export function listComplaints(list: CodeList): readonly string[] {
  const complaints: string[] = []
  for (const code of list.codes) {
    if (code.replacedBy !== undefined && !list.byCode.has(code.replacedBy)) {
      complaints.push(`"${code.code}" is replaced by "${code.replacedBy}", which is not a code of this list`)
    }
  }
  for (const [index, one] of list.codes.entries()) {
    for (const other of list.codes.slice(index + 1)) {
      if (!meet(one, other)) continue
      if (one.code === other.code) {
        complaints.push(
          `"${one.code}" is listed twice for the same time; leave one line or separate them by dates`,
        )
      } else if (one.label.zh === other.label.zh || one.label.en === other.label.en) {
        complaints.push(`"${one.code}" and "${other.code}" have the same label; make them distinct`)
      }
    }
  }
  return complaints
}

function rowsOf(bytes: Uint8Array, complaints: Complaint[]): string[][] {
  try {
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
    if (text.startsWith('\ufeff')) complaints.push(['', 'save it as UTF-8 without a byte order mark'])
    return parse(text)
  } catch (error) {
    const why = error instanceof Error && error.name !== 'TypeError' ? ` (${error.message})` : ''
    complaints.push(['', `is not valid CSV in UTF-8; save it as CSV UTF-8${why}`])
    return []
  }
}

function readCode(header: readonly string[], cells: readonly string[]): Code {
  const cell = new Map(header.map((column, index) => [column, cells[index] ?? '']))
  const optional = <Key extends string>(key: Key, column: string) => {
    const value = cell.get(column) ?? ''
    return (value === '' ? {} : { [key]: value }) as { readonly [key in Key]?: string }
  }
  const under = cell.get('under') ?? ''
  return {
    code: cell.get('code') ?? '',
    label: { zh: cell.get('zh') ?? '', en: cell.get('en') ?? '' },
    ...optional('validFrom', 'valid_from'),
    ...optional('validUntil', 'valid_until'),
    ...optional('replacedBy', 'replaced_by'),
    ...(under === '' ? {} : { under: under.split(';') }),
    extra: Object.fromEntries([...cell].filter(([column]) => !ownColumns.includes(column))),
  }
}

function* lineComplaints({ code, line }: Line): Generator<Complaint> {
  const at = `line ${line}`
  if (!/^[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}$/.test(code.code)) {
    yield [at, 'write the code in letters, digits, `_`, `.` and `-`, at most 64 of them']
  }
  if (code.label.zh.trim() === '' || code.label.en.trim() === '') yield [at, 'label the code in zh and in en']
  if (`${code.label.zh}${code.label.en}`.includes(fillInMarker)) yield [at, fillInMessage]
  for (const day of [code.validFrom, code.validUntil]) {
    if (day !== undefined && !isDay(day)) yield [at, 'write days as YYYY-MM-DD']
  }
  if ((code.validFrom ?? '') > (code.validUntil ?? '9999-12-31')) {
    yield [at, 'valid_from must not be after valid_until']
  }
  if (code.replacedBy !== undefined && code.validUntil === undefined) {
    yield [at, 'a code with a successor needs its last day in valid_until']
  }
}

/** Whether two entries can apply on the same day and under the same parent code. */
function meet(one: Code, other: Code): boolean {
  const inTime =
    (one.validFrom ?? '') <= (other.validUntil ?? '9999-12-31') &&
    (other.validFrom ?? '') <= (one.validUntil ?? '9999-12-31')
  const { under } = other
  return (
    inTime &&
    (one.under === undefined || under === undefined || one.under.some((code) => under.includes(code)))
  )
}

/** Joins the codes that several files give to one list. A line that an earlier file has is skipped. */
export function joinCodes(name: string, files: readonly (readonly Code[])[]): CodeList {
  const seen = new Set<string>()
  const codes: Code[] = []
  for (const [index, file] of files.entries()) {
    for (const code of file) {
      const key = JSON.stringify(code)
      if (index > 0 && seen.has(key)) continue
      seen.add(key)
      codes.push(code)
    }
  }
  return buildCodeList(name, codes)
}

/** A code list as one file, even if it was joined from several: reading it gives the same list. */
export function codeFileText({ codes }: CodeList): string {
  const own = codes.map((code) => ({
    code: code.code,
    zh: code.label.zh,
    en: code.label.en,
    valid_from: code.validFrom ?? '',
    valid_until: code.validUntil ?? '',
    replaced_by: code.replacedBy ?? '',
    under: code.under?.join(';') ?? '',
    ...code.extra,
  }))
  const columns = [...new Set(own.flatMap((row) => Object.keys(row)))]
  return stringify(own, { header: true, columns, record_delimiter: '\n', quoted_match: /[\r\n]/ })
}

/** The code lists of classes and providers that every contract uses. */
const sharedLists = [
  'open-classes',
  'providers',
  'share-classes',
  'share-methods',
  'themes',
  'update-frequencies',
] as const

/** The code lists needed to load and show contracts, by the names that their documents use. */
export function codeListsOf(
  loaded: readonly Pick<LoadedContract, 'contract' | 'document'>[],
): readonly string[] {
  const fields = loaded.flatMap(({ contract }) => [...contract.fields, ...(contract.intake?.fields ?? [])])
  const named = fields.flatMap(({ codes }) => (codes === undefined ? [] : [codes]))
  const shared = loaded.flatMap(({ document }) => sharedLists.map((list) => listNameIn(document, list)))
  return [...new Set([...shared, ...named])].sort()
}
