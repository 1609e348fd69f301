// A cache that speaks the protocol of Redis: `node examples/redis-cache.js [port]`, then `redis-cli -p 6390 set a 1`, or
// `redis-benchmark -p 6390 -t set,get,incr`. It forgets everything when it ends.
import process from 'node:process'
import { Driver, Listener } from 'skitai/io'
import { RedisServer, ReplyError, SimpleString } from 'skitai/redis'

/** @type {Map<string, Uint8Array>} */
const values = new Map()
const OK = new SimpleString('OK')

/** @typedef {import('skitai/redis').AnswerValue} Answer */
/** @type {Record<string, (engine: RedisServer, key: string, value: Uint8Array) => Answer>} */
const commands = {
  HELLO: (engine, version) => ({ server: 'cache', proto: (engine.protocol = version === '3' ? 3 : 2) }),
  PING: () => new SimpleString('PONG'),
  GET: (_, key) => values.get(key),
  SET: (_, key, value) => (values.set(key, value), OK),
  DEL: (_, key) => Number(values.delete(key)),
  INCR: (_, key) => {
    const next = Number(Buffer.from(values.get(key) ?? [0x30]).toString()) + 1
    if (!Number.isSafeInteger(next)) return new ReplyError('ERR value is not an integer or out of range')
    values.set(key, Buffer.from(String(next)))
    return next
  },
}

const listener = await Listener.open({ address: '127.0.0.1', port: Number(process.argv[2] ?? 6390) }, (transport) => {
  const engine = new RedisServer()
  /** @param {import('skitai/redis').RedisServerEvent} event */
  const onEvent = (event) => {
    if (event.type !== 'command') return
    const [key = new Uint8Array(), value = new Uint8Array()] = event.args
    const answer = commands[event.name]
    if (answer === undefined) engine.reply(new ReplyError(`ERR unknown command '${event.name}'`))
    else engine.reply(answer(engine, Buffer.from(key).toString('latin1'), value))
  }
  new Driver(transport, engine, { onEvent, onFlushed() {}, onClosed() {}, onReleased() {} }).start()
})
console.log(listener.endpoint)
