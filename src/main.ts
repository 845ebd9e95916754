/** Start: `npm start` is `qingdan serve`. */
import { serve } from './cli/index.ts'

process.exitCode = await serve(process.env)
