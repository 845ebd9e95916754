import type { FastifyError } from 'fastify'
import t from 'tap'
import { isDatabaseUnavailable, isStatementTimeout } from '../../src/db/database-error.ts'
import { problemOf } from '../../src/http/index.ts'
import { testDatabase } from '../support/database.ts'

const { database } = await testDatabase(t)

t.test('a statement that exceeds the timeout gives the problem query-too-slow', async (t) => {
  const error = await database.serve
    .begin(async (tx) => {
      await tx`SET LOCAL statement_timeout = '20ms'`
      return tx`SELECT pg_sleep(10)`
    })
    .catch((thrown: unknown) => thrown as FastifyError)
  t.ok(isStatementTimeout(error))
  t.notOk(isDatabaseUnavailable(error))
  t.match(problemOf(error as FastifyError), { code: 'query-too-slow', status: 422 })
})

t.test('no other error does', async (t) => {
  const error = await database.serve`SELECT 1 / 0`.catch((thrown: unknown) => thrown)
  t.notOk(isStatementTimeout(error))
  t.notOk(isStatementTimeout(new Error('57014')))
  t.notOk(isStatementTimeout(undefined))
})
