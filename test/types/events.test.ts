/** The types of listeners. What is wrong here does not compile. */

import assert from 'node:assert/strict'
import { it } from 'node:test'
import { App, type Was } from '#src/server/index.js'

declare module '#src/server/app/events.js' {
  interface AppEvents {
    'test:sold': [was: Was, shoe: string]
  }
}

it('listeners get what is emitted', async () => {
  const heard: string[] = []
  const app = new App({ name: 'shop' })
    .on('app:started', ({ name }) => heard.push(name))
    .on('request:failed', (was, error) => heard.push(`${was.request.path} ${(error as Error).message}`))
    .on('test:sold', (was, shoe) => heard.push(`${was.request.method} ${shoe.toUpperCase()}`))
    .on('test:other', (count: number) => heard.push(count.toFixed(1)))
    .get('/', (was) => {
      was.emit('test:sold', 'boot')
      app.emit('test:other', 1)
      return was.throw(409, 'no')
    })
  // @ts-expect-error: it is the app that listeners of this one get.
  app.on('app:mounted', (was) => was.request)
  assert.equal((await app.inject('/')).status, 409)
  assert.deepEqual(heard, ['shop', 'GET BOOT', '1.0', '/ no'])
})
