// What the client can do: `REDIS_URL=redis://127.0.0.1:6379 node examples/redis-client.js`. It uses keys that begin with
// `example:`, and removes them.
import process from 'node:process'
import { redis } from 'skitai/client'

const r = redis(process.env['REDIS_URL'] ?? 'redis://127.0.0.1:6379')
const keys = ['name', 'visits', 'person', 'scores', 'events'].map((key) => `example:${key}`)
const [name, visits, person, scores, events] = /** @type {[string, string, string, string, string]} */ (keys)
await r.del(keys)

// What is asked for in one turn leaves in one write.
console.log(await Promise.all([r.set(name, 'Ada', 'EX', 60), r.get(name), r.incr(visits)]))

await r.hset(person, { name: 'Ada', born: 1815 })
console.log({ ...(await r.hgetall(person)) })

await r.zadd(scores, 1, 'one', 2.5, 'two')
console.log(await r.zrange(scores, 0, -1, 'WITHSCORES'))

// Each command has its own result, or its error.
const [length, error] = await r.pipeline().strlen(name).incr(name).exec()
console.log(length, String(error))

// Executed only if nobody else changes the key meanwhile; else once more.
console.log(
  await r.watch(visits, async (link) =>
    link
      .multi()
      .set(visits, Number(await link.get(visits)) * 2)
      .get(visits),
  ),
)

const clamp = r.script('return math.min(redis.call("GET", KEYS[1]), ARGV[1])', { keys: 1 })
console.log(await clamp(visits, 1))

const messages = await r.subscribe('example:news')
await r.publish('example:news', 'hello')
for await (const { channel, payload } of messages) {
  console.log(channel, payload)
  break
}

await r.xadd(events, '*', { what: 'started' })
for await (const { fields, ack } of r.consume(events, 'workers', 'one')) {
  console.log({ ...fields }, await ack())
  break
}

await r.del(keys)
await r.close()
