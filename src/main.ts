/** Start: `npm start` is `qingdan serve`. */
import { serve } from './serve.ts'

process.exitCode = await serve(process.env)
