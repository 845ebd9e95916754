/** Whether a path exists. */
import { stat } from 'node:fs/promises'

/** Whether this process can see a file or folder at the path; false for any error of the system. */
export function fileExists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  )
}
