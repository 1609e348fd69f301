/** What a server executes for anybody, as it tells it (MONITOR), on a connection of its own. */

import { guarded } from '../guarded.js'
import { Command } from './command.js'
import type { CommandSpec } from './command-spec.js'
import type { RedisCore } from './core.js'
import { RedisConnectionError } from './redis-error.js'
import { type OnRedisMessage, type RedisSubscription, type SubscribeOptions, Subscriber } from './subscription.js'

const MONITOR: CommandSpec = { words: ['MONITOR'], flags: 0, firstKey: 0, lastKey: 0, keyStep: 0, read: undefined }

/** Resolves when the server has accepted it. */
export async function monitor(
  core: RedisCore,
  onMessage: OnRedisMessage<string> | undefined,
  options: Omit<SubscribeOptions, 'onGap'>,
  signal: AbortSignal | undefined,
): Promise<RedisSubscription<string>> {
  const lease = await core.reserve(signal)
  const { resource } = lease
  const subscriber = new Subscriber<string>(onMessage, options, async () => {
    if (resource.isUsable) await resource.close()
    else resource.destroy()
    await gone
  })
  const end = async (): Promise<void> => {
    const error = await resource.closed
    subscriber.fail(error ?? new RedisConnectionError('REDIS_CLOSED', 'the client is closed', false))
    lease.destroy()
  }
  const gone = end()
  resource.listener = {
    onMonitor: (payload) => {
      const message = { channel: 'MONITOR', pattern: undefined, payload }
      if (onMessage === undefined) subscriber.take(message)
      else guarded(() => onMessage(message))
    },
  }
  try {
    await new Promise<unknown>((resolve, reject) =>
      resource.send(new Command(MONITOR.words, MONITOR, 0, resolve, reject)),
    )
  } catch (error) {
    await subscriber.close()
    throw error
  }
  return subscriber
}
