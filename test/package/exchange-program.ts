/**
 * A program that needs nothing but the pure subpaths of the package, and runs unchanged in every runtime: one exchange
 * between the two roles, the fault of a bad peer, and a check of every cut.
 */

import { Http1Client, Http1Server, type Http1ServerEvent } from 'skitai/http1'
import { bytesOf, checkEveryCut, concat, latin1Of, type Subject, stepsOf } from 'skitai/testing'

/** What the program found out: text with one character an octet. */
export interface ExchangeReport {
  readonly response: string
  readonly status: number
  readonly content: string
  readonly fault: string
  readonly faultStatusLine: string
  /** The types of the events of the checked connection; every cut gave the same. */
  readonly checkedEvents: readonly string[]
}

const DATE = 'Sun, 06 Nov 1994 08:49:37 GMT'

/** What `runExchange` gives when all is well. */
export const expectedReport: ExchangeReport = {
  response: [
    'HTTP/1.1 200 OK',
    `Date: ${DATE}`,
    'Content-Type: text/plain; charset=utf-8',
    'Content-Length: 35',
    '',
    'POST /gr%C3%BC%C3%9Fe: 7 octets \u00e2\u0086\u0092',
  ].join('\r\n'),
  status: 200,
  content: 'POST /gr%C3%BC%C3%9Fe: 7 octets \u00e2\u0086\u0092',
  fault: 'H1_FRAMING_CONFLICT',
  faultStatusLine: 'HTTP/1.1 400 Bad Request',
  checkedEvents: ['request', 'data', 'end'],
}

/** Runs the exchange and the checks. */
export function runExchange(): ExchangeReport {
  const client = new Http1Client()
  client.start(0)
  client.sendRequest('POST', '/gr%C3%BC%C3%9Fe', ['Host', 'example.test'], 'grüße')
  const request = outputOf(client)
  const response = outputOf(serve(request))
  client.receive(response, 2)
  let status = 0
  let content = ''
  for (let event = client.poll(); event !== undefined; event = client.poll()) {
    if (event.type === 'response') status = event.status
    if (event.type === 'data') content += latin1Of(event.bytes)
  }
  const checked = checkEveryCut(subject, stepsOf([request]))
  return {
    response: latin1Of(response),
    status,
    content,
    ...provokeFault(),
    checkedEvents: checked.events.map(({ type }) => type),
  }
}

/** An application: it answers each request with its method, target and the size of its content. */
function subject(): Subject<Http1ServerEvent> & { readonly engine: Http1Server } {
  const engine = new Http1Server({ date: () => DATE })
  let line = ''
  let octets = 0
  const onEvent = (event: Http1ServerEvent): void => {
    if (event.type === 'request') line = `${event.method} ${event.target}`
    if (event.type === 'data') octets += event.bytes.length
    if (event.type === 'end')
      engine.sendResponse(200, ['Content-Type', 'text/plain; charset=utf-8'], `${line}: ${octets} octets →`)
  }
  return { engine, onEvent }
}

function serve(request: Uint8Array): Http1Server {
  const { engine, onEvent } = subject()
  engine.start(0)
  engine.receive(request, 1)
  for (let event = engine.poll(); event !== undefined; event = engine.poll()) onEvent?.(event)
  return engine
}

/** A request that would be understood differently by different servers. */
function provokeFault(): Pick<ExchangeReport, 'fault' | 'faultStatusLine'> {
  const engine = new Http1Server({ date: () => DATE })
  engine.start(0)
  const fields = 'Host: a\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n'
  engine.receive(bytesOf(`POST / HTTP/1.1\r\n${fields}\r\n0\r\n\r\n`), 1)
  let fault = ''
  for (let event = engine.poll(); event !== undefined; event = engine.poll())
    if (event.type === 'fatal') fault = event.code
  return { fault, faultStatusLine: latin1Of(outputOf(engine)).split('\r\n', 1)[0] ?? '' }
}

function outputOf(engine: Http1Client | Http1Server): Uint8Array {
  const blocks: Uint8Array[] = []
  for (let block = engine.output(); block !== undefined; block = engine.output()) blocks.push(block)
  return concat(blocks)
}
