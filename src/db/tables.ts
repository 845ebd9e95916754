/** The schema of our own tables, and the house's own notes to itself. */
import { jsonb, pgSchema, text } from 'drizzle-orm/pg-core'

/** Our own tables. Records stand in the schema `published`, parts that are not public yet in `staging`. */
export const qingdan = pgSchema('qingdan')

/** Small facts that must survive a restart, such as how far the samples have come. */
export const note = qingdan.table('note', {
  name: text().primaryKey(),
  value: jsonb().notNull(),
})
