/**
 * The door of the bundle room: what travels, opened, verified and read, from files alone. Refuses early and tells
 * everything; decides nothing about tolerance, which is the caller's.
 */
export type { Bag, BagEntry, Packing } from './bag.ts'
export { copyWays } from './copy-rows.ts'
export { encodeCopy } from './copy-text.ts'
export { type BagSource, createBag, type NewBag } from './create.ts'
export { type BundleCheck, BundleRefusal, bundleChecks } from './faults.ts'
export { buildFindingSink, type FindingCounts, type FindingSink } from './finding-sink.ts'
export { findingsCsv } from './findings-csv.ts'
export { type BundleLimits, limitsOf } from './limits.ts'
export { type BundleIdentity, identifyBundle, openBag } from './open.ts'
export { packBag } from './pack.ts'
export type { CopyReading } from './straight.ts'
export { tally } from './tally.ts'
export {
  type FileCount,
  type Progress,
  type RowBatch,
  type RowReading,
  type TakenRow,
  type ValidateOptions,
  validateBag,
} from './validate.ts'
export {
  type BundleFile,
  type BundleManifest,
  type Verification,
  verifyBag,
  verifyManifest,
} from './verify.ts'
