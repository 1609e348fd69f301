/** A watched transaction that never came to its end. */

/** Each time, a watched key has changed before the transaction was executed. */
export class RedisWatchError extends Error {
  override readonly name = 'RedisWatchError'
  readonly code = 'REDIS_WATCH'
  readonly attempts: number

  constructor(attempts: number) {
    super(`a watched key has changed each of ${attempts} times`)
    this.attempts = attempts
  }
}
