/** Functions of the application that are told something. */

/** Calls one. What it throws concerns nobody but its author: it is a warning of the process. */
export function guarded(run: () => void): void {
  try {
    run()
  } catch (error) {
    process.emitWarning(error instanceof Error ? error : String(error))
  }
}
