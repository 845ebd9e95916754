export { type BuiltCheck, buildChecks, checks, checkUseFaults } from './checks/list.ts'
export { codeFileText, codeListsOf } from './codes/code-files.ts'
export { buildCodeList, type Code, type CodeList, findCode, validOn } from './codes/codes.ts'
export { formerField, inNamesOf, type Renames, renamesSince } from './comparison/renames.ts'
export { compareContracts, type VerdictName } from './comparison/verdict.ts'
export {
  type AggregateFunction,
  type AggregateOffer,
  type CheckUse,
  type Constraints,
  type Contract,
  correctionDaysOf,
  type DisclosureUse,
  type Field,
  freeStatus,
  getField,
  hasInnerQuotes,
  intakeFields,
  intakeKey,
  isOpen,
  isPersonal,
  isProven,
  type LoadedContract,
  mayBeNull,
  needsApproval,
  noticeDaysOf,
  noticeDaysUsual,
  type ProviderPart,
  partsOf,
  quarantineDaysOf,
  sourceOf,
  standInOf,
  statusField,
  withheldFields,
} from './contract.ts'
export { ContractError, type ContractFault, faultText } from './contract-errors.ts'
export type { KnownNames } from './contract-rules.ts'
export type { Contracts } from './contracts.ts'
export { distanceMax, distanceOf, earthRadius, type Place } from './coordinates/distance.ts'
export { type CoordinateFields, coordinateFields } from './coordinates/fields.ts'
export { type CrsName, conversionOf, crsNames } from './coordinates/systems.ts'
export { answerNames, measureName, missingName, weightName } from './fields/aggregate-names.ts'
export { type FieldTypeName, fieldType, fieldTypes, listSeparator } from './fields/field-types.ts'
export { normaliseHeader } from './fields/headers.ts'
export { codesOf, jsonValue, labelOf, labelText, listCodes } from './fields/labels.ts'
export { buildRowValidator } from './fields/row-validator.ts'
export { fillInMarker } from './fill-in.ts'
export { bindingOf, type KindBinding, kinds, kindTitles } from './kinds.ts'
export { type ContractInUse, type LoadOptions, loadContracts } from './load.ts'
export { periodOf } from './period.ts'
export {
  CarriedChangeSchema,
  type CarriedVersion,
  CarriedVersionSchema,
  type Change,
  type ChangeKind,
  DifferenceSchema,
  fileName,
  type OmittedFormat,
  type PositionedChange,
  type PublishedPart,
  type RecordDifference,
  type StoredDistribution,
  type VersionFacts,
  VersionFactsSchema,
  type VersionName,
  type Waiver,
  WaiverSchema,
} from './published-version.ts'
export { countRead, grantsOf, mayRead, type Shared } from './read-access.ts'
export { listSamples, type Sample } from './samples.ts'
export { readReservedNames } from './schema.ts'
export { fieldSchema, recordSchema } from './schemas/json-schema.ts'
export { tableSchema } from './schemas/table-schema.ts'
export { type Exceeded, exceededBounds, type Tolerance, type ToleranceCounts } from './tolerance.ts'
