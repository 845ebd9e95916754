/** Public API of accounts: keys with scopes, callers, registered signers, and the audit log. */
export { writeAudit, writeReads } from './audit.ts'
export { findCaller, requireScope } from './keys/find-caller.ts'
export { createKey, findKey, listKeys, revokeKey } from './keys/keys.ts'
export { countRequest, readQuota } from './keys/quota.ts'
export type { KeyRequest, KeySummary } from './keys/schemas.ts'
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
export {
  findCursor,
  listUsage,
  type SeenCursor,
  type UsageCount,
  usageRowsMax,
} from './usage/stored-usage.ts'
export { firstDay, flushMilliseconds, type UsageCounter, usageCounterOf } from './usage/usage-counter.ts'
export { usageDaysUsual } from './usage/usage-days.ts'
export { usagePeriod } from './usage/usage-period.ts'
