/**
 * Does one thing with one client again and again, and prints what it took as JSON. It is a process of its own, so that
 * no client profits or suffers from another.
 *
 * @typedef {object} Client
 * @property {(key: string) => Promise<string | null>} get
 * @property {(key: string, value: string) => Promise<unknown>} set
 * @property {(key: string) => Promise<readonly string[]>} lrange
 * @property {(key: string) => Promise<Readonly<Record<string, string>>>} hgetall
 * @property {(channel: string, message: string) => Promise<unknown>} publish
 * @property {(channel: string, onMessage: (message: string) => void) => Promise<unknown>} subscribe
 * @property {() => Promise<void>} end
 *
 * @typedef {(url: string) => Promise<Client>} Open
 */

const { module, open, url, task, inFlight, count, seconds, warmUpSeconds } = JSON.parse(process.argv[2])

const clients = await import(module)
/** @type {Client} */
const client = await clients[open](url)

const KIB = 'skitai! '.repeat(128)
const SUBSCRIBERS = 100
let delivered = 0
let onDelivered = () => {}

/** What is done once, and how many things that is. */
const tasks = {
  get: () => burst(async (i) => check(await client.get(`key:${i}`), `value ${i}`)),
  set: () => burst((i) => client.set(`big:${i}`, KIB)),
  async lrange() {
    check((await client.lrange('list')).length, count)
    return 1
  },
  async hgetall() {
    check(Object.keys(await client.hgetall('hash')).length, count)
    return 1
  },
  async publish() {
    const wanted = inFlight * SUBSCRIBERS
    delivered = 0
    const all = new Promise((resolve) => (onDelivered = () => delivered === wanted && resolve()))
    await burst((i) => client.publish('news', `message ${i}`))
    await all
    return wanted
  },
}

async function burst(one) {
  await Promise.all(Array.from({ length: inFlight }, (_, i) => one(i)))
  return inFlight
}

function check(got, expected) {
  if (got !== expected) throw new Error(`${got} instead of ${expected}`)
}

async function repeatFor(until) {
  let done = 0
  while (performance.now() < until) done += await tasks[task]()
  return done
}

if (task === 'get') await burst((i) => client.set(`key:${i}`, `value ${i}`))
if (task === 'publish')
  for (let i = 0; i < SUBSCRIBERS; i++)
    await client.subscribe('news', (message) => {
      if (!message.startsWith('message ')) throw new Error(message)
      delivered++
      onDelivered()
    })

await repeatFor(performance.now() + warmUpSeconds * 1000)
const cpu = process.cpuUsage()
const from = performance.now()
const done = await repeatFor(from + seconds * 1000)
const elapsed = (performance.now() - from) / 1000
const { user, system } = process.cpuUsage(cpu)
await client.end()
console.log(JSON.stringify({ done, seconds: elapsed, client: (user + system) / 1e6 / elapsed, growthBytes: 0 }))
