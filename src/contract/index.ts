/** The door of the room: contracts, code lists, and all that follows from them. */

export { answerNames, measureName, missingName, weightName } from './aggregate-names.ts'
export { codeFileText, codeListsOf } from './code-files.ts'
export { buildCodeList, type Code, type CodeList, type CodeQuery, findCode, validOn } from './codes.ts'
export {
  type AggregateFunction,
  type AggregateMeasure,
  type AggregateOffer,
  type CheckUse,
  type Constraints,
  type Contract,
  type DisclosureUse,
  type Field,
  freeStatus,
  getField,
  intakeFields,
  intakeKey,
  isOpen,
  type LoadedContract,
  mayBeNull,
  needsApproval,
  noticeDaysOf,
  noticeDaysUsual,
  type Part,
  partsOf,
  type Role,
  statusField,
  withheldFields,
} from './contract.ts'
export type { KnownNames } from './contract-rules.ts'
export type { Contracts } from './contracts.ts'
export { ContractError, type ContractFault } from './faults.ts'
export {
  type FieldShape,
  type FieldType,
  type FieldTypeName,
  fieldType,
  fieldTypes,
  listSeparator,
} from './field-types.ts'
export { normaliseHeader } from './headers.ts'
export {
  type FieldSchemaOptions,
  fieldSchema,
  type RecordSchemaOptions,
  recordSchema,
} from './json-schema.ts'
export { bindingOf, type KindBinding, type KindName, type KindProperty, kinds, kindTitles } from './kinds.ts'
export { codesOf, jsonValue, labelOf, labelText, listCodes } from './labels.ts'
export { type LoadOptions, loadContracts } from './load.ts'
export { type Period, periodOf } from './period.ts'
export { grantsOf, mayRead, noteRead, type Shared } from './readable.ts'
export { listSamples, type Sample } from './samples.ts'
export type { JsonSchema } from './schema.ts'
export { type TableSchemaOptions, tableSchema } from './table-schema.ts'
export { type Exceeded, exceededBounds, type Tolerance, type ToleranceCounts } from './tolerance.ts'
export { buildRowValidator, type ConstraintFault, type RowValidator } from './validator.ts'
export { compareContracts, type Difference, type Verdict, type VerdictName } from './verdict.ts'
