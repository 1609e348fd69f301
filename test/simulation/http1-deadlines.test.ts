import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { Http1Client, type Http1ClientEvent, http1Limits, Http1Server, type Http1ServerEvent } from 'skitai/http1'
import {
  bytesOf,
  type Controls,
  type LinkOptions,
  simulate,
  type SimulationOptions,
  type Subject,
} from 'skitai/testing'
import { DATE } from '../property/http1-support.js'

type Options = SimulationOptions<Http1ClientEvent, Http1ServerEvent>

/** A client that sends one request with so much content, and reads or does not. */
function client(octets: number, reads = true): (controls: Controls) => Subject<Http1ClientEvent> {
  return () => {
    const engine = new Http1Client({ limits: { responseMs: Infinity, bodyMs: Infinity, idleMs: Infinity } })
    return {
      engine,
      begin: () => engine.sendRequest('POST', '/', ['Host', 'a'], new Uint8Array(octets)),
      onEvent: ({ type }) => {
        if (type === 'response') engine.holdBody(!reads)
      },
    }
  }
}

/** A server that answers at the end of a request with so much content. */
function server(octets: number): (controls: Controls) => Subject<Http1ServerEvent> {
  return () => {
    const engine = new Http1Server({ date: () => DATE })
    return {
      engine,
      onEvent: ({ type }) => {
        if (type === 'end') engine.sendResponse(200, [], new Uint8Array(octets))
      },
    }
  }
}

function run(options: Omit<Options, 'seed'>): { last: string | undefined; nowMs: number; events: readonly string[] } {
  const { right, nowMs } = simulate({ seed: 1, ...options })
  return { last: right.log.at(-1), nowMs, events: right.log }
}

describe('a peer that is slow on purpose does not keep a connection (virtual time)', () => {
  const stalled = (afterBytes: number): LinkOptions => ({ stall: { afterBytes, ms: Infinity } })

  test('it connects and says nothing', () => {
    const { last, nowMs } = run({ left: client(0), right: server(0), leftToRight: stalled(0) })
    assert.equal(last, 'closed initiator="library"')
    assert.equal(nowMs, http1Limits.firstByteMs)
  })

  test('it stops inside the head', () => {
    const { last, nowMs } = run({ left: client(0), right: server(0), leftToRight: stalled(10) })
    assert.match(last ?? '', /^fatal code="H1_HEAD_TIMEOUT" wireCode=408/)
    assert.equal(nowMs, http1Limits.headMs)
  })

  test('it drips the head', () => {
    const drip: LinkOptions = { fragmentBytesMax: 1, delayMs: [2000, 2000] }
    // Each octet is sent when the link has room, which it has when the one before has arrived.
    const { last, nowMs } = run({
      left: dripping('GET / HTTP/1.1\r\nHost: a\r\n\r\n'),
      right: server(0),
      leftToRight: drip,
    })
    assert.match(last ?? '', /^fatal code="H1_HEAD_TIMEOUT" wireCode=408/)
    assert.ok(nowMs <= 2000 + http1Limits.headMs)
  })

  test('it stops inside the content', () => {
    const { last, nowMs } = run({ left: client(1000), right: server(0), leftToRight: stalled(500) })
    assert.match(last ?? '', /^fatal code="H1_BODY_TIMEOUT" wireCode=408/)
    assert.equal(nowMs, http1Limits.bodyMs)
  })

  test('it drips the content', () => {
    const head = 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\n'
    const { last, nowMs } = run({ left: dripping('x'.repeat(100), 2000, head), right: server(0) })
    assert.match(last ?? '', /^fatal code="H1_BODY_TIMEOUT" wireCode=408 .* limit=2400 got=[3-6]$/)
    assert.ok(nowMs <= 2000 + http1Limits.bodyMs)
  })

  test('it keeps an idle connection', () => {
    const { last, nowMs } = run({ left: client(0), right: server(0) })
    assert.equal(last, 'closed initiator="library"')
    assert.equal(nowMs, http1Limits.idleMs)
  })

  test('it does not read what it asked for', () => {
    const { last, nowMs } = run({
      left: client(0, false),
      right: server(1_000_000),
      rightToLeft: { capacityBytes: 4096 },
    })
    assert.match(last ?? '', /^fatal code="H1_WRITE_TIMEOUT" wireCode=0/)
    assert.equal(nowMs, http1Limits.writeMs)
  })

  test('it half-closes and the answer never comes', () => {
    const { last, nowMs } = run({ left: halfClosing, right: silent })
    assert.match(last ?? '', /^fatal code="H1_PEER_GONE" wireCode=0/)
    assert.equal(nowMs, http1Limits.halfClosedMs)
  })
})

describe('a client engine does not wait for ever', () => {
  test('for a response', () => {
    const { left, nowMs } = simulate({ seed: 1, left: () => asking(), right: silent })
    assert.match(left.log.at(-1) ?? '', /^fatal code="H1_RESPONSE_TIMEOUT"/)
    // The server hears of it at once, and waits for its own application as long as it does.
    assert.equal(nowMs, http1Limits.responseMs + http1Limits.halfClosedMs)
  })

  test('for the rest of a response', () => {
    const rightToLeft: LinkOptions = { stall: { afterBytes: 120, ms: Infinity } }
    const { left } = simulate({ seed: 1, left: () => asking(), right: server(1000), rightToLeft })
    assert.match(left.log.at(-1) ?? '', /^fatal code="H1_BODY_TIMEOUT"/)
  })

  test('and does not lose a response that it reads slowly from a server that has gone', () => {
    const { left, outcome } = simulate({
      seed: 1,
      left: (controls) => {
        const engine = new Http1Client()
        return {
          engine,
          begin: () => engine.sendRequest('GET', '/', ['Host', 'a']),
          onEvent: ({ type }) => {
            if (type !== 'data' && type !== 'response') return
            engine.holdBody(true)
            controls.later(60_000, () => engine.holdBody(false))
          },
        }
      },
      right: () => {
        const engine = new Http1Server({ date: () => DATE })
        return {
          engine,
          onEvent: ({ type }) => {
            if (type !== 'end') return
            engine.close()
            engine.sendResponse(200, [], 'all of it')
          },
        }
      },
    })
    assert.equal(outcome, 'ended')
    assert.deepEqual(
      left.events.map(({ type }) => type),
      ['response', 'data', 'end', 'closed'],
    )
  })
})

test('content that a server does not take, because its own output is not taken, is not late', () => {
  // The server echoes; the client sends all and reads nothing for a while. Nobody is slow but the reader, within its
  // limit.
  const echo = (): Subject<Http1ServerEvent> => {
    const engine = new Http1Server({ date: () => DATE, limits: { outputBytesMax: 1000, writeMs: 60_000 } })
    return {
      engine,
      onEvent: (event) => {
        if (event.type === 'request') engine.sendHead(200, [])
        if (event.type === 'data') engine.sendData(new Uint8Array(event.bytes))
        if (event.type === 'end') engine.sendEnd()
      },
    }
  }
  const { left } = simulate({
    seed: 1,
    left: (controls) => {
      const engine = new Http1Client({ limits: { bodyMs: Infinity } })
      let held = false
      return {
        engine,
        begin: () => engine.sendRequest('POST', '/', ['Host', 'a'], new Uint8Array(40_000)),
        onEvent: ({ type }) => {
          if (type === 'end') engine.close()
          if (type !== 'data' || held) return
          held = true
          engine.holdBody(true)
          controls.later(25_000, () => engine.holdBody(false))
        },
      }
    },
    right: echo,
    leftToRight: { fragmentBytesMax: 100, capacityBytes: 500, delayMs: [0, 1] },
    rightToLeft: { capacityBytes: 500 },
  })
  assert.equal(left.log.at(-1), 'closed initiator="local"')
  assert.equal(
    left.events.reduce((sum, event) => sum + ((event['bytes'] as Uint8Array | undefined)?.length ?? 0), 0),
    40_000,
  )
})

function asking(): Subject<Http1ClientEvent> {
  const engine = new Http1Client()
  return { engine, begin: () => engine.sendRequest('GET', '/', ['Host', 'a']) }
}

/** Takes requests and never answers. */
function silent(): Subject<Http1ServerEvent> {
  return { engine: new Http1Server({ date: () => DATE }) }
}

function halfClosing(controls: Controls): Subject<Http1ClientEvent> {
  const subject = asking()
  return {
    engine: subject.engine,
    begin: () => {
      subject.begin?.()
      controls.halfClose()
    },
  }
}

/** A peer without an engine's manners: `first` at once, then `rest` octet by octet. */
function dripping(rest: string, everyMs = 2000, first = ''): (controls: Controls) => Subject<Http1ClientEvent> {
  return (controls) => {
    const engine = new Http1Client({ limits: { idleMs: Infinity } })
    const next = (at: number): void => {
      if (at === rest.length) return
      controls.sendRaw(bytesOf(rest.charAt(at)))
      controls.later(everyMs, () => next(at + 1))
    }
    return {
      engine,
      begin: () => {
        controls.sendRaw(bytesOf(first))
        next(0)
      },
    }
  }
}
