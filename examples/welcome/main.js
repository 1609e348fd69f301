// The welcome page: a static directory, an app with a typed route, JSON, a stream, and the documentation.
// Run it with `npm start`, then open http://127.0.0.1:5000

import { setTimeout as delay } from 'node:timers/promises'
import skitai, { App } from 'skitai'
import { docs, pages } from './docs.js'
import { welcomePage } from './page.js'

const app = new App({ name: 'welcome' })

app.get('/', (was) => {
  was.response.setHeader('content-security-policy', "default-src 'self'")
  return welcomePage(was.request, pages())
})

// `id` is a number here, and TypeScript knows it from the rule.
app.route('/episode/<int:id>', { methods: ['GET'] }, (was, { id }) => {
  const text = `Episode ${id}, and the next one is ${id + 1}.\n`
  return was.response(200, text, { 'content-type': 'text/plain; charset=utf-8' })
})

// An object is sent as JSON.
app.get('/api/server', () => ({
  server: 'skitai',
  node: process.versions.node,
  uptimeSeconds: Math.round(process.uptime()),
  memoryMiB: Math.round(process.memoryUsage.rss() / 1_048_576),
}))

// An async iterable is sent piece by piece, as the client takes it.
app.get('/ticks', (was) =>
  was.response(200, ticks(10, was.request.signal), { 'content-type': 'text/plain; charset=utf-8' }),
)

/**
 * @param {number} count
 * @param {AbortSignal} signal aborted when the client leaves: nobody waits for the rest
 */
async function* ticks(count, signal) {
  for (let tick = 1; tick <= count && !signal.aborted; tick++) {
    yield `tick ${tick} of ${count} at ${new Date().toISOString().slice(11, 23)}\n`
    await delay(400, undefined, { signal }).catch(() => {})
  }
}

skitai.mount('/', app)
skitai.mount('/docs', docs)
skitai.mount('/static', './static')

const { url } = await skitai.run({ address: '127.0.0.1', port: 5000 })
console.log(`Welcome to skitai: ${url}`)
