/** Exchange: the door through which other houses follow this one, and by which this one follows another. */
export { datasetForms } from './dcat/routes.ts'
export { type ExchangeProgress, type Exported, ExportTargetTaken, writeExport } from './export.ts'
export { countBehind } from './feed-behind.ts'
export { type MirrorReport, takeExport } from './mirror.ts'
export { exchangeRoutes } from './routes.ts'
export type { ExportAsked } from './selection.ts'
export { distrustKey, listTrusted, type TrustedKey, trustKey } from './trust.ts'
