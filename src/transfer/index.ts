/** Public API of transfer. */

export { type Exported, ExportTargetTaken, writeExport } from './export/export.ts'
export type { ExportRequest } from './export/selection.ts'
export { type MirrorReport, takeExport } from './mirror/mirror.ts'
export { transferRoutes } from './routes.ts'
export { distrustKey, listTrusted, trustKey } from './trusted-keys.ts'
export { bagFolder, digestOfBag } from './version-bag.ts'
