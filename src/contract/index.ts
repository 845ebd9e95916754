/** The door of the contract room: what a dataset promises, its field types, code lists, periods and row validators. */
export * from './codes.ts'
export * from './contract.ts'
export * from './contracts.ts'
export * from './field-types.ts'
export * from './period.ts'
export * from './validator.ts'
