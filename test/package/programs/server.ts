/** What an app author does: mounts an app, runs the server, closes it. */

import assert from 'node:assert/strict'
import skitai, { App, Skitai } from 'skitai'

assert.ok(skitai instanceof Skitai)

const app = new App()
app.get('/', () => 'Hello, World!')
app.route('/episode/<int:id>', { methods: ['GET'] }, (_was, { id }) => ({ next: id + 1 }))

const server = new Skitai({ log: false })
server.mount('/', app)
const { port } = await server.run({ address: '127.0.0.1', port: 0 })

const hello = await fetch(`http://127.0.0.1:${port}/`)
assert.equal(await hello.text(), 'Hello, World!')
const episode = await fetch(`http://127.0.0.1:${port}/episode/41`)
assert.deepEqual(await episode.json(), { next: 42 })
await server.close({ timeoutMs: 1000 })
