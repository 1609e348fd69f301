/** The types of WebSocket handlers come out of rule and options. What is wrong here does not compile. */

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { App, type MessageStream, type Socket, websocket } from '#src/server/index.js'

type Same<A, B> =
  (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2
    ? (<T>() => T extends B ? 1 : 2) extends <T>() => T extends A ? 1 : 2
      ? true
      : false
    : false

/** Compiles for `true` only. */
const holds = (..._facts: true[]): void => {}

type Text = string | Uint8Array
type RoomParams = { readonly room: string; readonly name: string; readonly age: number }

describe('the types of WebSockets', () => {
  it('follow rule and options', () => {
    const app = new App()
    app.websocket('/plain', (was, message, params) => {
      holds(
        true satisfies Same<typeof message, Text>,
        true satisfies Same<keyof typeof params, never>,
        true satisfies Same<typeof was.websocket.params, typeof params>,
      )
      return message
    })
    app.websocket('/params/<room>?<name>&<int:age>', {}, (_was, _message, params) => {
      holds(true satisfies Same<typeof params, RoomParams>)
    })
    app.websocket('/json', { encoding: 'json' }, (_was, message) => {
      holds(true satisfies Same<typeof message, unknown>)
      return { any: 1 }
    })
    app.websocket('/pieces', { pieces: true }, (_was, message) => {
      holds(true satisfies Same<typeof message, MessageStream>)
      return message
    })
    app.websocket(
      '/chat?<room>',
      { spec: 'GROUPCHAT', onOpen: (was) => was.websocket.params.room },
      (was, message, { room }) => {
        holds(
          true satisfies Same<
            typeof was.websocket.clients,
            ReadonlyMap<number, Socket<{ readonly room: string }, 'text', false>>
          >,
        )
        return [`${room} ${String(message)}`, was.websocket.id]
      },
    )
    app.websocket('/dedicate/<int:n>', { spec: 'DEDICATE', encoding: 'json' }, async (was, { n }) => {
      holds(true satisfies Same<typeof n, number>)
      for await (const message of was.websocket) holds(true satisfies Same<typeof message, unknown>)
    })
    websocket({}, async function* () {
      const message = yield 'hello'
      holds(true satisfies Same<typeof message, Text | undefined>)
    })
    // @ts-expect-error: an object is no message, unless it travels as JSON.
    app.websocket('/wrong/1', () => ({ any: 1 }))
    // @ts-expect-error: `[message, clientId]` is for rooms.
    app.websocket('/wrong/2', {}, () => ['x', 1])
    // @ts-expect-error: the rule has no such parameter.
    app.websocket('/wrong/<a>', {}, (_was, _message, { b }) => String(b))
    // @ts-expect-error: there is no such spec.
    assert.throws(() => app.websocket('/wrong/3', { spec: 'CHAT' }, () => 'x'), TypeError)
    assert.equal(app.tree.sockets.find('GET', '/params/x').found, 'route')
  })
})
