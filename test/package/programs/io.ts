/** What somebody does who brings an engine to a socket without the app engine. */

import assert from 'node:assert/strict'
import { Driver, Listener } from 'skitai/io'
import { Http1Server, type Http1ServerEvent } from 'skitai/http1'

const listener = await Listener.open({ address: '127.0.0.1', port: 0 }, (transport) => {
  const engine = new Http1Server({ date: () => new Date().toUTCString() })
  const onEvent = (event: Http1ServerEvent): void => {
    if (event.type === 'end') engine.sendResponse(200, ['Content-Type', 'text/plain'], 'from a bare engine')
  }
  new Driver(transport, engine, { onEvent, onFlushed() {}, onClosed() {}, onReleased() {} }).start()
})

const response = await fetch(`http://127.0.0.1:${listener.endpoint.port}/`, { headers: { Connection: 'close' } })
assert.equal(response.status, 200)
assert.equal(await response.text(), 'from a bare engine')
listener.close()
