/** Starts a process that joins the embedded database of a folder; see neighbour.ts. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { program } from './program.ts'

/** The process, and when it has ended. Its first line of output is the owner's address. */
export function startNeighbour(
  folder: string,
  clone?: string,
): { readonly child: ChildProcess; readonly ended: Promise<unknown> } {
  const args = [...program('test/support/neighbour.ts'), folder, ...(clone === undefined ? [] : [clone])]
  const child = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'inherit'] })
  return { child, ended: once(child, 'exit') }
}
