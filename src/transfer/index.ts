/** Public API of transfer. */

export { type ExchangeProgress, type Exported, ExportTargetTaken, writeExport } from './export/export.ts'
export { type PayloadFile, paths } from './export/files.ts'
export type { ExportRequest } from './export/selection.ts'
export { type ExportCursor, markOf, readExportCursor } from './export-cursor.ts'
export { type MirrorReport, takeExport } from './mirror/mirror.ts'
export { distrustKey, listTrusted, type TrustedKey, trustKey } from './trusted-keys.ts'
export { storeVersionBag, versionBagFormat, versionBagName } from './version-bag.ts'
