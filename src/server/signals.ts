/**
 * The signals that end a process: all engines of it drain together, and a second signal ends it as if nobody listened.
 */

const SIGNALS = ['SIGTERM', 'SIGINT'] as const

/** What is drained. */
interface Drained {
  close(): Promise<void>
}

const engines: Set<Drained> = new Set()

/** From now on `engine` is closed when a signal comes; the process ends when all such engines are. */
export function drainOnSignals(engine: Drained): void {
  if (engines.size === 0) for (const signal of SIGNALS) process.on(signal, drainAll)
  engines.add(engine)
}

/** `engine` has begun to close, by a signal or otherwise. */
export function leaveSignals(engine: Drained): void {
  if (engines.delete(engine) && engines.size === 0) stopListening()
}

function stopListening(): void {
  for (const signal of SIGNALS) process.off(signal, drainAll)
}

function drainAll(): void {
  // First of all, so that a second signal finds nobody who listens.
  stopListening()
  const closing = [...engines].map((engine) => engine.close())
  void Promise.allSettled(closing).then(() => process.exit(0))
}
