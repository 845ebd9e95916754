/** Public API of transfer. */
export { removeOldBags, startTransferTasks } from './background-tasks.ts'

export { type Exported, ExportTargetTaken, writeExport } from './export/export.ts'
export type { ExportRequest } from './export/selection.ts'
export { type MirrorReport, takeExport } from './mirror/mirror.ts'
export { transferRoutes } from './routes.ts'
export { distrustKey, listTrusted, trustKey } from './trusted-keys.ts'
export { digestOfBag } from './version-bag.ts'
