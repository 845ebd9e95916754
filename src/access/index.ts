/** Who may do what: keys with scopes, the reader that a key stands for, whose signatures count, and the audit of it all. */
export { type Account, accountOf, firstDay, flushMilliseconds } from './account.ts'
export { writeAudit, writeReads } from './audit.ts'
export { createKey, findKey, type KeyRequest, type KeySummary, listKeys, revokeKey } from './keys.ts'
export { countRequest, type QuotaState, readQuota } from './quota.ts'
export { findReader, requireScope } from './reader.ts'
export { accessRoutes } from './routes.ts'
export { loadServiceKey, type ServiceKey } from './service-key.ts'
export {
  addSigner,
  findSigner,
  listSigners,
  revokeSigner,
  type Signer,
  type SignerRequest,
} from './signers.ts'
export { findCursor, listUsage, type SeenCursor, type UsageCount, usageRowsMax } from './usage.ts'
export { usageDaysUsual, usagePeriod } from './usage-period.ts'
