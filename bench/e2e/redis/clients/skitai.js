/** Ours, as docs/redis.md shows it. */

import { redis } from '../../../../dist/io/client/index.js'

/** @type {import('../client.js').Open} */
export async function open(url) {
  const client = redis(url)
  return {
    get: (key) => client.get(key),
    set: (key, value) => client.set(key, value),
    lrange: (key) => client.lrange(key, 0, -1),
    hgetall: (key) => client.hgetall(key),
    publish: (channel, message) => client.publish(channel, message),
    subscribe: (channel, onMessage) => client.subscribe(channel, ({ payload }) => onMessage(payload)),
    end: () => client.close(),
  }
}
