/** Who may do what: keys with scopes, the reader that a key stands for, and the audit of what was done. */
export { writeAudit } from './audit.ts'
export { createKey, findKey, type KeyRequest, type KeySummary, listKeys, revokeKey } from './keys.ts'
export { findReader, requireScope } from './reader.ts'
export { accessRoutes } from './routes.ts'
export { loadServiceKey, type ServiceKey } from './service-key.ts'
