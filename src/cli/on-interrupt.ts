/**
 * Cleanup when a signal ends a command: temporary folders, the embedded database. Does nothing if another
 * listener for signals is registered, as in the service, which stops by itself.
 */

type Cleanup = () => unknown

const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

/** Longest wait for the cleanup: the user who pressed Ctrl+C is waiting. */
const cleanupMilliseconds = 5_000

const cleanups = new Set<Cleanup>()

/** Registers a cleanup for when a signal ends the process. Returns the function that unregisters it. */
export function atInterrupt(cleanup: Cleanup): () => void {
  if (cleanups.size === 0) {
    if (signals.some((signal) => process.listenerCount(signal) > 0)) return () => undefined
    for (const signal of signals) process.once(signal, interrupt)
  }
  cleanups.add(cleanup)
  return () => {
    cleanups.delete(cleanup)
    if (cleanups.size === 0) removeListeners()
  }
}

function interrupt(signal: NodeJS.Signals): void {
  // The next signal ends the process at once.
  removeListeners()
  const end = () => process.kill(process.pid, signal)
  setTimeout(end, cleanupMilliseconds).unref()
  const running = [...cleanups].map(async (cleanup) => cleanup())
  void Promise.allSettled(running).then(end)
}

function removeListeners(): void {
  for (const signal of signals) process.removeListener(signal, interrupt)
}
