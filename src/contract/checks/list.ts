/**
 * Public API of checks: the closed list of checks that a contract may use, one file each.
 * Refuses a use with unknown parameters or fields; a new check needs one file and one line here.
 */
import { Ajv2020 } from 'ajv/dist/2020.js'
import type { Severity } from '../../platform/finding.ts'
import type { CheckUse, Field } from '../contract.ts'
import { ascending } from './ascending.ts'
import { type Check, type CheckContext, positionOf, type RowCheck } from './check.ts'
import { fixedLength } from './fixed-length.ts'
import { inOutline } from './in-outline.ts'
import { noMarkup } from './no-markup.ts'
import { noOverlap } from './no-overlap.ts'
import { notAbove } from './not-above.ts'
import { partScope } from './part-scope.ts'
import { phone } from './phone.ts'
import { requiredWhen } from './required-when.ts'
import { share } from './share.ts'
import { total } from './total.ts'
import { within } from './within.ts'

/** Every check, by name. */
export const checks: readonly Check[] = [
  ...[ascending, fixedLength, inOutline, noMarkup, noOverlap, notAbove, partScope, phone],
  ...[requiredWhen, share, total, within],
]

const byName = new Map(checks.map((check) => [check.name, check]))
if (byName.size !== checks.length) throw new Error('Two checks have the same name.')

/** A check of a contract, ready to run on rows. */
export interface BuiltCheck {
  readonly name: string
  readonly severity: Severity
  /** Indexes of the fields that it reads. */
  readonly fields: readonly number[]
  readonly run: RowCheck
}

/**
 * What is wrong with the use of a check in a contract, as sentences for its author; empty if nothing is.
 * `fields` are all fields of the contract, published and intake.
 */
export function checkUseFaults(use: CheckUse, fields: readonly Field[]): readonly string[] {
  const check = byName.get(use.check)
  if (check === undefined)
    return [`There is no check ${use.check}; there are ${[...byName.keys()].join(', ')}.`]
  const { check: _name, severity: _severity, ...parameters } = use
  const validate = validatorOf(check)
  if (!validate(parameters))
    return [`${use.check}: ${new Ajv2020().errorsText(validate.errors, { dataVar: 'parameters' })}.`]
  return check.fields(use, { fields }).flatMap((name) => {
    const same = fields.filter((field) => field.name === name)
    if (same.length === 0) return [`${use.check} names the field ${name}, which the contract does not have.`]
    const fits = same.every((field) => field.type === 'integer' || field.type === 'number')
    return check.numeric === true && !fits ? [`${use.check} needs a number, which ${name} is not.`] : []
  })
}

let ajv: Ajv2020 | undefined

/** The validator of a check's parameters: ajv compiles a schema once, however many contracts use it. */
function validatorOf(check: Check) {
  // A test validates these schemas against the metaschema; compiling that too would slow every start.
  ajv ??= new Ajv2020({ allErrors: true, strict: true, meta: false, validateSchema: false })
  return ajv.compile(check.parameters)
}

/**
 * Builds the checks of a contract for rows with the given fields. A use that refers to a field which these
 * rows lack is left out, because a check may apply either to the intake rows or to the published ones. Throws
 * a plain Error on a use that `checkUseFaults` would have refused.
 */
export function buildChecks(uses: readonly CheckUse[], context: CheckContext): readonly BuiltCheck[] {
  const names = new Set(context.fields.map((field) => field.name))
  return uses.flatMap((use) => {
    const check = byName.get(use.check)
    if (check === undefined) throw new Error(`There is no check ${use.check}.`)
    const needed = check.fields(use, context)
    if (!needed.every((name) => names.has(name))) return []
    const fields = needed.map((name) => positionOf(context, name))
    return [{ name: check.name, severity: use.severity ?? 'error', fields, run: check.build(use, context) }]
  })
}
