/** A SELECT list made from a table has the names and types of its definition. */
import { bigint, date, text } from 'drizzle-orm/pg-core'
import t from 'tap'
import { selectList } from '../../src/db/select-list.ts'
import { qingdan } from '../../src/db/tables.ts'

const trial = qingdan.table('trial', {
  id: bigint({ mode: 'number' }).primaryKey(),
  mediaType: text('media_type'),
  day: date(),
})

t.same(
  [selectList(trial), selectList(trial, { of: 'x', without: ['id', 'day'] })],
  [
    '"id"::float8 AS "id", "media_type" AS "mediaType", "day"::text AS "day"',
    '"x"."media_type" AS "mediaType"',
  ],
)
