/**
 * Opens a workbook at one sheet: finds the sheet, its calendar, formats and shared texts. Rejects a missing
 * sheet and links to other workbooks; warns of sheets that are not read.
 */
import type { Finding } from '../../../platform/finding.ts'
import { refuseBag } from '../../core/bag/bag.ts'
import type { SheetChoice } from '../../core/bag/descriptor.ts'
import { BundleRefusal, faultAt } from '../../core/findings/checks.ts'
import { type NumberFormat, readNumberFormats } from '../../core/xlsx/number-formats.ts'
import { noStrings, readSharedStrings, unescapeText } from '../../core/xlsx/shared-strings.ts'
import type { CellContext } from '../../core/xlsx/sheet-cells.ts'
import type { Relationship, WorkbookLocation, WorkbookParts } from '../../core/xlsx/workbook-shapes.ts'
import type { Scratch } from '../rows/scratch-file.ts'
import { openParts } from './workbook-parts.ts'

export interface Workbook {
  readonly parts: WorkbookParts
  readonly sheetPart: string
  readonly context: CellContext
  readonly warnings: readonly Finding[]
  /** Names of the other visible sheets. */
  readonly others: readonly string[]
  readonly close: () => void
}

interface WorkbookOptions {
  readonly sheet: SheetChoice
  readonly refusesFormulas: boolean
  /** Whether rows are about persons, who may be named by a sheet. */
  readonly isPersonal: boolean
}

interface Sheet {
  readonly name: string
  readonly isHidden: boolean
  readonly relationship: Relationship | undefined
}

/** Limit of sheets per workbook; Excel's only limit is memory. */
const sheetsMax = 10_000

/** Opens a workbook. Throws BundleRefusal. Close it when done. */
export async function openWorkbook(
  bytes: Scratch,
  place: WorkbookLocation,
  { sheet: choice, refusesFormulas, isPersonal }: WorkbookOptions,
): Promise<Workbook> {
  const parts = await openParts(bytes, place)
  try {
    const { file } = place
    const relationships = await parts.relationshipsOf(parts.main)
    refuseActive(relationships, file)
    const { sheets, from1904 } = await readMain(parts, relationships, file)
    const sheet = chooseSheet(sheets, choice, { file, isPersonal })
    const sheetPart = sheet.relationship?.target
    if (sheetPart === undefined || !parts.has(sheetPart)) refuseBag('workbook-damaged', { file })
    const partOf = (type: string) => relationships.find((one) => one.type === type)?.target
    const [styles, strings] = [partOf('styles'), partOf('sharedstrings')]
    const formats: readonly NumberFormat[] =
      styles === undefined ? [] : await readNumberFormats(parts, styles, file)
    const context = {
      formats,
      strings: strings === undefined ? noStrings : await readSharedStrings(parts, strings, file),
      from1904,
      refusesFormulas,
    }
    const warnings = await unreadSheets(parts, sheets, sheet, file)
    const others = sheets.flatMap((one) => (one === sheet || one.isHidden ? [] : [one.name]))
    return { parts, sheetPart, context, warnings, others, close: parts.close }
  } catch (error) {
    parts.close()
    throw error
  }
}

function refuseActive(relationships: readonly Relationship[], file: string): void {
  for (const { type } of relationships) {
    if (/macrosheet|vbaproject/.test(type)) refuseBag('workbook-macros', { file })
    if (/^(externallink|externallinkpath|connections)$/.test(type)) refuseBag('workbook-external', { file })
  }
}

/** Reads the part of the workbook itself. */
async function readMain(parts: WorkbookParts, relationships: readonly Relationship[], file: string) {
  const sheets: Sheet[] = []
  let from1904 = false
  const open = (name: string, attributes: Readonly<Record<string, string>>) => {
    if (name === 'externalReference') refuseBag('workbook-external', { file })
    if (name === 'workbookPr') from1904 = ['1', 'true'].includes(attributes['date1904'] ?? '')
    if (name !== 'sheet') return
    // The writing program chooses the prefix.
    const id = Object.entries(attributes).find(([key]) => /(^|:)id$/.test(key) && key !== 'id')?.[1]
    const relationship = relationships.find((one) => one.id === id)
    const isHidden = (attributes['state'] ?? 'visible') !== 'visible'
    sheets.push({ name: unescapeText(attributes['name'] ?? ''), isHidden, relationship })
    if (sheets.length > sheetsMax) refuseBag('workbook-large', { file, expected: `≤ ${sheetsMax}` })
  }
  for await (const _chunk of parts.parse(parts.main, { open }));
  return { sheets, from1904 }
}

/** Sheets that a finding names. */
export const sheetsNamedMax = 5

/** The requested sheet, else the first visible one that has cells. */
function chooseSheet(
  sheets: readonly Sheet[],
  { name, number }: SheetChoice,
  { file, isPersonal }: { readonly file: string; readonly isPersonal: boolean },
): Sheet {
  const isGrid = (sheet: Sheet | undefined) => sheet?.relationship?.type === 'worksheet'
  const found =
    name !== undefined
      ? sheets.find((sheet) => sheet.name.normalize('NFC') === name.normalize('NFC'))
      : number !== undefined
        ? sheets[number - 1]
        : sheets.find((sheet) => !sheet.isHidden && isGrid(sheet))
  if (found === undefined || !isGrid(found)) {
    const visible = isPersonal ? [] : sheets.filter((sheet) => !sheet.isHidden && isGrid(sheet))
    const names = visible.slice(0, sheetsNamedMax).map((sheet) => `--sheet "${sheet.name}"`)
    refuseBag('sheet-unknown', { file, ...(names.length === 0 ? {} : { expected: names.join(' / ') }) })
  }
  return found
}

/** Warns of sheets that somebody may believe to be read. */
async function unreadSheets(
  parts: WorkbookParts,
  sheets: readonly Sheet[],
  chosen: Sheet,
  file: string,
): Promise<readonly Finding[]> {
  const others = sheets.filter((sheet) => sheet !== chosen)
  const warnings: Finding[] = []
  if (others.some(({ isHidden }) => isHidden)) warnings.push(faultAt('hidden-sheets', { file }))
  for (const { isHidden, relationship } of others) {
    const part = relationship?.type === 'worksheet' ? relationship.target : undefined
    if (isHidden || part === undefined || !(await holdsCells(parts, part))) continue
    warnings.push(faultAt('sheet-others', { file }))
    break
  }
  return warnings
}

/** Whether a sheet has a cell; parse errors are ignored, since this sheet is not read. */
async function holdsCells({ parse, has }: WorkbookParts, part: string): Promise<boolean> {
  if (!has(part)) return false
  let found = false
  const open = (name: string) => {
    found ||= name === 'v' || name === 'is'
  }
  try {
    for await (const _chunk of parse(part, { open })) if (found) break
  } catch (error) {
    if (error instanceof BundleRefusal) return true
    throw error
  }
  return found
}
