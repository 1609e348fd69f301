/** redis, the client of the project itself, which pipelines what is asked for in one turn. */

import { createClient } from 'redis'

/** @type {import('../client.js').Open} */
export async function open(url) {
  const client = createClient({ url })
  const subscriber = createClient({ url })
  await Promise.all([client.connect(), subscriber.connect()])
  return {
    get: (key) => client.get(key),
    set: (key, value) => client.set(key, value),
    lrange: (key) => client.lRange(key, 0, -1),
    hgetall: (key) => client.hGetAll(key),
    publish: (channel, message) => client.publish(channel, message),
    subscribe: (channel, onMessage) => subscriber.subscribe(channel, onMessage),
    end: async () => {
      await Promise.all([client.close(), subscriber.close()])
    },
  }
}
