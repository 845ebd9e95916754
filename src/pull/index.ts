/** Public API of pull. */

export type { PullProgress } from './apply.ts'
export { openFolderSink } from './folder/sink.ts'
export { schemaUsual } from './limits.ts'
export { openPostgresSink } from './postgres/sink.ts'
export { PullRefusal, pullRefusals } from './problems.ts'
export { type PullOrder, type PullReport, pull } from './pull.ts'
export type { Sink } from './sink.ts'
