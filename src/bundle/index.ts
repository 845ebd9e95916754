/**
 * The public API of the bundle module: opens, verifies and reads bundles, using only files. Rejects as early
 * as possible and reports everything; the caller decides about tolerance.
 */

export { type Bag, readWhole } from './core/bag/bag.ts'
export type { BagGroup } from './core/bag/bag-info.ts'
export type { BundleMode, Operation } from './core/bag/descriptor.ts'
export {
  bagNumberOf,
  type GroupBag,
  type GroupManifest,
  type GroupPurpose,
  groupFaults,
  groupLimitFaults,
  groupPurposeOf,
  inBag,
  isGrouped,
  joinBags,
  joinManifests,
  missingNumbers,
} from './core/bag/group.ts'
export { type BundleLimits, limitsOf } from './core/bag/limits.ts'
export { spreadByBytes, spreadByCount } from './core/bag/spread.ts'
export { type BundleManifest, verifyManifest } from './core/bag/verify.ts'
export { encodeCopy, escapeCopy } from './core/csv/copy-text.ts'
export { type Draft, type DraftNote, draftContract } from './core/draft/draft.ts'
export { BundleRefusal, bundleChecks, faultAt } from './core/findings/checks.ts'
export { type FileCount, FileCountSchema, tally } from './core/findings/file-count.ts'
export { buildFindingSink, type FindingCounts, type FindingSink } from './core/findings/finding-sink.ts'
export { findingsCsv } from './core/findings/findings-csv.ts'
export {
  KeyFault,
  keyFileBytesMax,
  openPrivateKey,
  type PrivateKeyFile,
  type PublicKeyFile,
  readPublicKey,
  readPublicKeys,
} from './core/openpgp/keys.ts'
export { isEncrypted } from './core/openpgp/paths.ts'
export { checkSignatures, type SignatureOutcome, signBytes } from './core/openpgp/signature.ts'
export { type BagSource, createBag, type NewBag } from './node/bag/create-bag.ts'
export { decryptBag, holdsEncrypted } from './node/bag/decrypted-bag.ts'
export { findMissing } from './node/bag/find-missing.ts'
export { dialectOf, isTableFile, type LooseOptions } from './node/bag/loose-files.ts'
export { type BundleIdentity, identifyBundle, openBag } from './node/bag/open-bag.ts'
export { packBag } from './node/bag/pack-bag.ts'
export { checkBagSignature, signatureFinding, signaturePath, signBag } from './node/bag/signed-bag.ts'
export { verifyBag, verifyWhole } from './node/bag/verify-bag.ts'
export { decryptInto, decryptUnverified, encryptTo } from './node/openpgp/encryption.ts'
export { copyPaths } from './node/rows/copy-rows.ts'
export { buildKeyMatcher, keyConflict, type RowPass, rowPassesOf } from './node/rows/delta.ts'
export { openSealedScratch } from './node/rows/encrypted-scratch.ts'
export { type LooseRow, readLooseRows } from './node/rows/loose-rows.ts'
export { type LooseTable, readLooseTable } from './node/rows/loose-table.ts'
export { type RowBatch, validateBag } from './node/rows/validate-bag.ts'
export type { ValidateOptions } from './node/rows/walk.ts'
export { contentFault, readContent, refuseExport, textOf } from './node/signed-version/content.ts'
export { type ExportCursor, readExportCursor, writeExportCursor } from './node/signed-version/cursor.ts'
export { type ExportPurpose, exportDescriptorPath } from './node/signed-version/descriptor.ts'
export { exportLimits, type OpenedExport, proveBag, withExport } from './node/signed-version/open.ts'
export { type ExchangeProgress, type PayloadFile, paths } from './node/signed-version/paths.ts'
export { exportName, exportZip, writeExportBag } from './node/signed-version/write.ts'
