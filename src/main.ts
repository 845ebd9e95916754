/** Start: `npm start` is `qingdan serve`. */
import { serve } from './cli/run-service.ts'

process.exitCode = await serve(process.env)
