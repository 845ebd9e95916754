/** Public API of cli. */
export { exitCodes, UsageError } from './command.ts'
export { commands } from './commands.ts'
export { print } from './output.ts'
export { serve } from './run-service.ts'
