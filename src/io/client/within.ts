/** Waiting with an end: for what takes too long, and for callers who give up. */

/**
 * Runs something that ends when its signal aborts: when `signal` does, with its reason, or after `timeoutMs`
 * (`Infinity` for never), with the error that `expired` makes. Timer and listener are gone when it has settled.
 */
export async function within<Result>(
  signal: AbortSignal | undefined,
  timeoutMs: number,
  expired: () => Error,
  run: (signal: AbortSignal) => Promise<Result>,
): Promise<Result> {
  signal?.throwIfAborted()
  const controller = new AbortController()
  const onAbort = (): void => controller.abort(signal!.reason)
  const timer = timeoutMs < Infinity ? setTimeout(() => controller.abort(expired()), timeoutMs) : undefined
  signal?.addEventListener('abort', onAbort)
  try {
    return await run(controller.signal)
  } finally {
    clearTimeout(timer)
    signal?.removeEventListener('abort', onAbort)
  }
}
