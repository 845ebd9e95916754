/** Public API of pull. */
export { openFolderSink } from './folder/sink.ts'
export { retriesUsual, schemaUsual } from './limits.ts'
export { openPostgresSink } from './postgres/sink.ts'
export { PullRefusal, pullRefusals } from './problems.ts'
export type { PullProgress } from './progress.ts'
export { type PullOrder, type PullReport, pull } from './pull.ts'
export type { Sink } from './sink.ts'
