/** The catalogue: datasets as contracted, their editions, versions and distributions, and the ordered changes. */
export type { House, Readiness } from './house.ts'
