/** ioredis with auto-pipelining. */

import { Redis } from 'ioredis'

/** @type {import('../client.js').Open} */
export async function open(url) {
  const client = new Redis(url, { enableAutoPipelining: true })
  const subscriber = new Redis(url)
  await Promise.all([client.ping(), subscriber.ping()])
  return {
    get: (key) => client.get(key),
    set: (key, value) => client.set(key, value),
    lrange: (key) => client.lrange(key, 0, -1),
    hgetall: (key) => client.hgetall(key),
    publish: (channel, message) => client.publish(channel, message),
    subscribe: async (channel, onMessage) => {
      await subscriber.subscribe(channel)
      subscriber.setMaxListeners(0)
      subscriber.on('message', (of, message) => {
        if (of === channel) onMessage(message)
      })
    },
    end: async () => {
      await Promise.all([client.quit(), subscriber.quit()])
    },
  }
}
