/** The database schema of the service's own tables, and its settings store. */
import { jsonb, pgSchema, text } from 'drizzle-orm/pg-core'

/** The service's own tables. Records are in the schema `published`, unpublished parts in `staging`. */
export const qingdan = pgSchema('qingdan')

/** Small facts that must survive a restart, such as the progress of loading the samples. */
export const note = qingdan.table('note', {
  name: text().primaryKey(),
  value: jsonb().notNull(),
})
