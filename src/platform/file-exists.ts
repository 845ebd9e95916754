/** Whether a path exists. */
import { stat } from 'node:fs/promises'

/** Whether there is a file or folder at the path that this process may look at; false for any error of the system. */
export function fileExists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  )
}
