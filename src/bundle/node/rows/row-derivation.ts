/** Passes the accepted rows of a bundle to a derivation, and turns what it reports into findings. */
import type { Field } from '../../../contract/index.ts'
import type { Derivation, PartDerivation, ReportRow } from '../../../derivations/index.ts'
import { defined } from '../../../platform/defined.ts'
import type { Finding } from '../../../platform/finding.ts'
import { atOffset } from '../../core/cells/map-headers.ts'
import { type OpenFile, placeOf } from '../../core/cells/row-reader.ts'
import type { TableRow } from '../../core/cells/table-row.ts'

/** What takes the rows of a bundle one by one, and may reject them. */
export interface RowDerivation {
  readonly faults: Derivation['faults']
  readonly open: () => Pick<PartDerivation, 'add' | 'addBytes' | 'isNote' | 'warnings'>
}

/** What is implausible in the rows of a whole bundle. */
export function* bundleWarnings(
  { faults }: RowDerivation,
  part: ReturnType<RowDerivation['open']>,
): Generator<Finding> {
  for (const { fault: name, file, row, field, expected } of part.warnings?.() ?? []) {
    const { severity, message } = faultOf(faults, name)
    const place = defined({ file, row, field, expected })
    yield { check: name, severity, ...place, message: message.en, messageZh: message.zh }
  }
}

function faultOf(faults: Derivation['faults'], name: string) {
  const fault = faults[name]
  if (fault === undefined) throw new Error(`The derivation does not list its fault ${name}.`)
  return fault
}

/** The finding of a derivation about a row. */
export function derivedFault(
  { faults }: RowDerivation,
  [name, { field, expected } = {}]: Parameters<ReportRow>,
  row: TableRow,
  file: OpenFile,
  fields: readonly Field[],
): Finding {
  const index = fields.findIndex((one) => one.name === field)
  const place =
    field === undefined
      ? { file: file.path, row: row.row, ...atOffset(row.byteOffset) }
      : placeOf(row, file, fields, index)
  const { severity, message } = faultOf(faults, name)
  const found = { check: name, severity, ...place, ...defined({ expected }) }
  return { ...found, message: message.en, messageZh: message.zh }
}
