/**
 * The door of the bundle room: what travels, opened, verified and read, from files alone. Refuses early and tells
 * everything; decides nothing about tolerance, which is the caller's.
 */
export { type Bag, type BagEntry, type Packing, readWhole } from './bag.ts'
export type { BagGroup } from './bag-info.ts'
export { copyWays } from './copy-rows.ts'
export { encodeCopy } from './copy-text.ts'
export { type BagSource, createBag, type NewBag } from './create.ts'
export { type Decryption, decryptBag, holdsEncrypted } from './decrypted-bag.ts'
export { buildMeeting, keyBoth, type Reading, readingsOf } from './delta.ts'
export type { BundleMode, Operation } from './descriptor.ts'
export { decryptInto, encryptTo, isEncrypted } from './encryption.ts'
export { type BundleCheck, BundleRefusal, bundleChecks, faultAt } from './faults.ts'
export { buildFindingSink, type FindingCounts, type FindingSink } from './finding-sink.ts'
export { findingsCsv } from './findings-csv.ts'
export {
  bagNumberOf,
  type GroupBag,
  type GroupManifest,
  type GroupPlace,
  type GroupPurpose,
  groupFaults,
  groupLimitFaults,
  groupPurposeOf,
  inBag,
  isGrouped,
  joinBags,
  joinManifests,
  missingNumbers,
} from './group.ts'
export { type BundleLimits, limitsOf } from './limits.ts'
export { dialectOf, isTableFile, type LooseOptions } from './loose.ts'
export { manifestLine } from './manifest-file.ts'
export { type BundleIdentity, identifyBundle, openBag } from './open.ts'
export {
  KeyFault,
  type KeyFaultReason,
  keyFileBytesMax,
  openPrivateKey,
  type PrivateKeyFile,
  type PublicKeyFile,
  readPublicKey,
  readPublicKeys,
} from './openpgp-keys.ts'
export { packBag } from './pack.ts'
export { openSealedScratch, type SealedFile, type SealedScratch } from './sealed-scratch.ts'
export {
  checkSignatures,
  type SignatureFault,
  type SignatureOutcome,
  signatureBytesMax,
  signBytes,
} from './signature.ts'
export {
  type BagSignature,
  checkBagSignature,
  signatureFinding,
  signaturePath,
  signBag,
} from './signed-bag.ts'
export { spreadByBytes, spreadByCount } from './spread.ts'
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
  verifyWhole,
} from './verify.ts'
export { findMissing } from './wholeness.ts'
