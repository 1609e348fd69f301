/** The content of a response, its events and its end. */

import { OutgoingMessage, type ServerResponse, ServerResponse as Response } from 'node:http'
import { finished, pipeline, Readable } from 'node:stream'
import { type Probe, RESPONSE_EVENTS, tell, thrown, watch } from './probes.js'

const LARGE = Buffer.alloc(1_000_000, 'skitai ')

type Hints = ServerResponse & { writeEarlyHints(hints: object, done?: () => void): void; writeProcessing(): void }
type Strict = ServerResponse & { strictContentLength: boolean }

/** All of them. */
export const responseProbes: readonly Probe[] = [
  { name: 'end', handle: (_req, res) => void res.end() },
  { name: 'end with text', handle: (_req, res) => void res.end('text') },
  { name: 'end with UTF-8', handle: (_req, res) => void res.end('h\u00e9llo \u2713') },
  { name: 'end with an encoding', handle: (_req, res) => void res.end('68656c6c6f', 'hex') },
  { name: 'end with latin1', handle: (_req, res) => void res.end('h\u00e9llo', 'latin1') },
  { name: 'end with a Buffer', handle: (_req, res) => void res.end(Buffer.from('bytes')) },
  { name: 'end with a Uint8Array', handle: (_req, res) => void res.end(new Uint8Array([104, 105])) },
  { name: 'end with an empty string', handle: (_req, res) => void res.end('') },
  {
    name: 'end with a callback',
    until: 'ended',
    handle: (_req, res, log) => void res.end('text', () => log.note('ended')),
  },
  {
    name: 'end with only a callback',
    until: 'ended',
    handle: (_req, res, log) => void res.end(() => log.note('ended')),
  },
  { name: 'end with a large body', handle: (_req, res) => void res.end(LARGE) },
  { name: 'end gives the response', handle: (_req, res) => void (res.end('x') === res || res.destroy()) },
  {
    name: 'end twice',
    until: 'ended ERR_STREAM_ALREADY_FINISHED',
    handle: (_req, res, log) => {
      res.end('once')
      res.on('close', () => res.end(((error: NodeJS.ErrnoException) => log.note(`ended ${error?.code}`)) as () => void))
    },
  },
  {
    name: 'the classes',
    handle: (_req, res) =>
      tell(res, [
        res instanceof Response,
        res instanceof OutgoingMessage,
        res.constructor.name,
        typeof res.req,
        res.req.method,
      ]),
  },
  {
    name: 'the state before and behind',
    until: 'closed',
    handle: (_req, res, log) => {
      const state = (): string =>
        [
          res.headersSent,
          res.writableEnded,
          res.writableFinished,
          res.finished,
          res.destroyed,
          res.closed,
          res.writable,
          res.socket === null,
          res.writableLength,
          res.writableObjectMode,
          res.writableCorked,
          res.errored,
        ].join(' ')
      log.note(state())
      res.on('finish', () => log.note(`finish ${state()}`))
      res.on('close', () => {
        log.note(`close ${state()}`)
        log.note('closed')
      })
      res.writeHead(200)
      log.note(`head ${res.headersSent} ${res.writableEnded}`)
      res.end('x')
      log.note(`ended ${res.headersSent} ${res.writableEnded} ${res.writableFinished}`)
    },
  },
  {
    name: 'events of a small response',
    until: 'response close',
    handle: (_req, res, log) => {
      watch(log, 'response', res, RESPONSE_EVENTS)
      res.end('small')
    },
  },
  {
    name: 'writes with callbacks, then the end',
    until: 'response close',
    handle: (_req, res, log) => {
      watch(log, 'response', res, RESPONSE_EVENTS)
      res.write('one ', () => log.note('one'))
      res.write('two ', 'utf8', () => log.note('two'))
      res.end('three', () => log.note('three'))
    },
  },
  {
    name: 'backpressure',
    until: 'done',
    handle: (_req, res, log) => {
      let drains = 0
      let full = 0
      const more = (count: number): void => {
        if (count === 0) {
          res.end(() => {
            log.note(drains > 0 && full > 0 ? 'waited' : `never: ${full} ${drains}`)
            log.note('done')
          })
        } else if (res.write(LARGE)) more(count - 1)
        else {
          full++
          res.once('drain', () => {
            drains++
            more(count - 1)
          })
        }
      }
      more(10)
    },
  },
  {
    name: 'a stream piped into it',
    until: 'response close',
    handle: (_req, res, log) => {
      watch(log, 'response', res, ['pipe', 'unpipe', 'finish', 'close'])
      Readable.from([LARGE, Buffer.from('end')]).pipe(res)
    },
  },
  {
    name: 'a pipeline into it',
    until: 'pipeline undefined',
    handle: (_req, res, log) =>
      void pipeline(Readable.from(['a', 'b', 'c']), res, (error) => log.note(`pipeline ${error?.code}`)),
  },
  {
    name: 'stream.finished',
    until: 'finished undefined',
    handle: (_req, res, log) => {
      finished(res, (error) => log.note(`finished ${error?.code}`))
      res.end('x')
    },
  },
  {
    name: 'finished before it is asked',
    until: 'finished undefined',
    handle: (_req, res, log) => {
      res.on('close', () => finished(res, (error) => log.note(`finished ${error?.code}`)))
      res.end('x')
    },
  },
  {
    name: 'codes of write',
    handle: (_req, res) =>
      tell(res, [
        thrown(() => res.write(null as never)),
        thrown(() => res.write(5 as never)),
        thrown(() => res.end(5 as never)),
      ]),
  },
  {
    name: 'write behind the end',
    until: 'response close',
    handle: (_req, res, log) => {
      watch(log, 'response', res, ['error', 'finish', 'close'])
      res.end('x')
      res.write('y', 'utf8', (error) => log.note(`write ${(error as NodeJS.ErrnoException).code}`))
    },
  },
  {
    name: 'flushHeaders, then later content',
    handle: (_req, res) => {
      res.setHeader('x-a', 'a')
      res.flushHeaders()
      setImmediate(() => res.end('later'))
    },
  },
  {
    name: 'write, then later content',
    handle: (_req, res) => {
      res.write('first ')
      setImmediate(() => res.end('second'))
    },
  },
  {
    name: 'a known length, in pieces',
    handle: (_req, res) => {
      res.setHeader('Content-Length', 10)
      res.write('first')
      res.end('later')
    },
  },
  {
    name: 'writes of nothing',
    handle: (_req, res) => {
      res.write('')
      res.write('')
      res.end('x')
    },
  },
  {
    name: 'cork and uncork',
    handle: (_req, res) => {
      res.cork()
      res.write('a')
      res.write('b')
      res.uncork()
      res.end('c')
    },
  },
  {
    name: 'explicit chunks',
    handle: (_req, res) => void res.writeHead(200, { 'Transfer-Encoding': 'chunked' }).end('chunked'),
  },
  {
    name: 'no length, no chunks',
    handle: (_req, res) => {
      res.removeHeader('content-length')
      res.removeHeader('transfer-encoding')
      res.end('to the end')
    },
  },
  { name: 'Connection: close', handle: (_req, res) => void res.setHeader('Connection', 'close').end('x') },
  {
    name: 'strictContentLength',
    until: 'ERR_HTTP_CONTENT_LENGTH_MISMATCH',
    handle: (_req, res, log) => {
      ;(res as Strict).strictContentLength = true
      res.setHeader('content-length', 5)
      res.flushHeaders()
      log.note(thrown(() => res.write('too long for it')))
      res.destroy()
    },
  },
  {
    name: 'trailers',
    handle: (_req, res) => {
      res.setHeader('Trailer', 'x-sum')
      res.write('content')
      res.addTrailers({ 'x-sum': '42' })
      res.end()
    },
  },
  {
    name: 'trailers with one piece',
    handle: (_req, res) => {
      res.setHeader('Trailer', 'x-sum')
      res.addTrailers({ 'x-sum': '42', 'x-list': ['a', 'b'] } as never)
      res.end('content')
    },
  },
  {
    name: 'Trailer with a length',
    handle: (_req, res) => {
      res.setHeader('Trailer', 'x-sum')
      res.setHeader('Content-Length', 1)
      const code = thrown(() => res.flushHeaders())
      res.removeHeader('trailer')
      res.removeHeader('content-length')
      res.end(code)
    },
  },
  {
    name: 'writeContinue',
    handle: (_req, res) => {
      res.writeContinue()
      res.end('x')
    },
  },
  {
    name: 'writeProcessing',
    handle: (_req, res) => {
      res.writeProcessing()
      res.end('x')
    },
  },
  {
    name: 'writeEarlyHints',
    until: 'hinted',
    handle: (_req, res, log) => {
      ;(res as Hints).writeEarlyHints(
        { link: ['</a.css>; rel=preload; as=style', '</b.js>; rel=preload; as=script'], 'x-hint': 'yes' },
        () => log.note('hinted'),
      )
      res.end('x')
    },
  },
  {
    name: 'sendDate off',
    handle: (_req, res) => {
      res.sendDate = false
      tell(res, res.sendDate)
    },
  },
  { name: 'HEAD', method: 'HEAD', handle: (_req, res) => void res.setHeader('x-a', 'a').end('not sent') },
  {
    name: 'HEAD with a length',
    method: 'HEAD',
    handle: (_req, res) => {
      res.setHeader('content-length', 100)
      res.write('not sent')
      res.end()
    },
  },
  { name: 'OPTIONS', method: 'OPTIONS', handle: (req, res) => tell(res, req.method) },
  { name: 'DELETE', method: 'DELETE', handle: (req, res) => tell(res, req.method) },
  { name: 'a method of its own', method: 'PROPFIND', handle: (req, res) => tell(res, req.method) },
  {
    name: 'setTimeout of the response',
    handle: (_req, res) => {
      res.setTimeout(10, () => tell(res, 'late'))
    },
  },
  {
    name: 'setTimeout of the socket',
    handle: (_req, res) => {
      res.socket!.setTimeout(10, () => tell(res, 'late'))
    },
  },
  {
    name: 'a timeout that nobody hears',
    until: 'response close',
    handle: (_req, res, log) => {
      watch(log, 'response', res, ['close', 'finish'])
      res.setTimeout(10)
    },
  },
  {
    name: 'destroy before the head',
    until: 'response close',
    handle: (_req, res, log) => {
      watch(log, 'response', res, ['close', 'finish'])
      res.destroy()
    },
  },
  {
    name: 'destroy behind some content',
    until: 'response close',
    handle: (_req, res, log) => {
      watch(log, 'response', res, ['close', 'finish'])
      res.write('some')
      setTimeout(() => res.destroy(new Error('broken')), 50)
    },
  },
  {
    name: 'destroy of the socket',
    until: 'response close',
    handle: (_req, res, log) => {
      watch(log, 'response', res, ['close', 'finish'])
      res.socket!.destroy()
    },
  },
  {
    name: 'pipe from it',
    until: 'response error ERR_STREAM_CANNOT_PIPE',
    handle: (_req, res, log) => {
      watch(log, 'response', res, ['error'])
      res.pipe(process.stdout)
      res.end()
    },
  },
  {
    name: 'the client leaves in between',
    leaves: 'answered',
    until: 'response close',
    handle: (req, res, log) => {
      watch(log, 'request', req, ['aborted'])
      watch(log, 'response', res, ['close', 'finish', 'error'])
      res.write('begun')
    },
  },
  {
    name: 'write behind the client',
    leaves: 'answered',
    until: 'written',
    handle: (_req, res, log) => {
      res.on('error', (error: NodeJS.ErrnoException) => log.note(`error ${error.code}`))
      res.on('close', () => {
        log.note(`close ${res.write('more')}`)
        res.end('end')
        log.note(`ended ${res.writableEnded} ${res.writableFinished}`)
        setImmediate(() => log.note('written'))
      })
      res.write('begun')
    },
  },
  {
    name: 'a patched end',
    handle: (_req, res) => {
      const { end } = res
      res.end = ((...given: Parameters<typeof end>) => {
        res.setHeader('x-patched', 'yes')
        return end.apply(res, given)
      }) as typeof end
      res.end('patched')
    },
  },
  {
    name: 'a patched writeHead',
    handle: (_req, res) => {
      const { writeHead } = res
      res.writeHead = ((status: number) => {
        res.setHeader('x-patched', 'yes')
        return writeHead.call(res, status)
      }) as typeof writeHead
      res.end('patched')
    },
  },
  {
    name: 'a patched write',
    handle: (_req, res) => {
      const { write } = res
      res.write = ((piece: string) => write.call(res, piece.toUpperCase(), 'utf8')) as typeof write
      res.write('patched ')
      res.end('end')
    },
  },
  {
    name: 'a prototype of its own',
    handle: (req, res) => {
      Object.setPrototypeOf(req, Object.create(Object.getPrototypeOf(req) as object, { mine: { value: 'mine' } }))
      Object.setPrototypeOf(res, Object.create(Response.prototype, { yours: { value: 'yours' } }))
      tell(res, [(req as unknown as { mine: string }).mine, (res as unknown as { yours: string }).yours])
    },
  },
  {
    name: 'end of the prototype',
    handle: (_req, res) => void Response.prototype.end.apply(res, ['by the prototype'] as never),
  },
]
