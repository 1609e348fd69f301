/**
 * Our two roles back to back as a proxy: what its server is told its client asks for, and what that hears the server
 * says. Played with a conversation that was recorded, it must say octet by octet what the real server has said.
 */

import { PostgresClient, type PostgresClientEvent, PostgresServer, type PostgresServerEvent } from 'skitai/postgres'
import { concat, snapshot, type Snapshot } from 'skitai/testing'
import { digests } from '../vectors/postgres-commands.js'
import type { Turn } from './transcript.js'

/** What came of a conversation. */
export interface Relayed {
  /** What the client has asked for, and what the server has answered, as our engines saw it. */
  readonly events: readonly Snapshot[]
  /** All that our server has said to the client. */
  readonly said: Uint8Array
}

/** Plays a conversation in chunks of so many octets. */
export function relay(turns: readonly Turn[], chunkBytes: number): Relayed {
  const client = new PostgresClient({ user: 'user', digests, nonce: () => '' })
  const server = new PostgresServer({ limits: { pipelinedMax: 1000 } })
  const events: Snapshot[] = []
  const said: Uint8Array[] = []
  const drain = (): void => {
    for (let more = true; more;) {
      more = false
      for (let event = server.poll(); event !== undefined; event = server.poll()) {
        more = true
        events.push(snapshot(event))
        ask(client, event)
      }
      for (let event = client.poll(); event !== undefined; event = client.poll()) {
        more = true
        events.push(snapshot(event))
        say(server, event)
      }
      while (client.output() !== undefined);
      for (let octets = server.output(); octets !== undefined; octets = server.output())
        said.push(new Uint8Array(octets))
    }
  }
  client.start(0)
  server.start(0)
  for (const { by, octets } of turns)
    for (let at = 0; at < octets.length; at += chunkBytes) {
      const engine = by === 'client' ? server : client
      engine.receive(octets.slice(at, at + chunkBytes), 0)
      drain()
    }
  return { events, said: concat(said) }
}

function ask(client: PostgresClient, event: PostgresServerEvent): void {
  switch (event.type) {
    case 'query':
      return void client.query(event.sql)
    case 'parse':
      return void client.parse(event.name, event.sql, event.typeOids)
    case 'bind':
      return void client.bind(event.portal, event.statement, event.values, event.resultFormats)
    case 'describe':
      return void client.describe(event.what, event.name)
    case 'execute':
      return void client.execute(event.portal, event.rowsMax)
    case 'close':
      return void client.closeObject(event.what, event.name)
    case 'sync':
      return void client.sync()
    case 'functionCall':
      return void client.callFunction(event.oid, event.values, event.resultFormat)
    case 'flush':
      return client.flush()
    case 'copyData':
      return client.copyData(new Uint8Array(event.bytes))
    case 'copyDone':
      return client.copyDone()
    case 'copyFail':
      return client.copyFail(event.reason)
    case 'closed':
      return client.terminate()
    default:
  }
}

function say(server: PostgresServer, event: PostgresClientEvent): void {
  switch (event.type) {
    case 'authenticated':
      return server.authenticate({ method: 'none' })
    case 'parameter':
      return server.sendParameter(event.name, event.value)
    case 'keyData':
      return server.sendKeyData(event.processId, event.key)
    case 'notice':
      return server.sendNotice(event.notice)
    case 'notification':
      return server.sendNotification(event.processId, event.channel, event.payload)
    default:
      sayAnswer(server, event)
  }
}

function sayAnswer(server: PostgresServer, event: PostgresClientEvent): void {
  switch (event.type) {
    case 'ready':
      return server.sendReady(event.status)
    case 'fields':
      return server.sendFields(event.fields)
    case 'noData':
      return server.sendNoData()
    case 'parameters':
      return server.sendParameters(event.typeOids)
    case 'rows':
      for (const row of event.rows) server.sendRow(row)
      return
    case 'complete':
      return server.sendComplete(event.tag)
    case 'empty':
      return server.sendEmpty()
    case 'suspended':
      return server.sendSuspended()
    case 'parsed':
      return server.sendParsed()
    case 'bound':
      return server.sendBound()
    case 'statementClosed':
      return server.sendClosed()
    case 'copy':
      return server.sendCopy(event.direction, event.format, event.columnFormats)
    case 'copyData':
      return server.sendCopyData(new Uint8Array(event.bytes))
    case 'copyDone':
      return server.sendCopyDone()
    case 'functionResult':
      return server.sendFunctionResult(event.value)
    case 'error':
      return server.sendError(event.error)
    default:
  }
}
