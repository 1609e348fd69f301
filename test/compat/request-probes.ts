/** What an app sees of a request. */

import { IncomingMessage } from 'node:http'
import { finished, pipeline, Readable, Transform } from 'node:stream'
import { type Probe, REQUEST_EVENTS, tell, watch } from './probes.js'

const LARGE = 'x'.repeat(300_000)

const own = (headers: object): object =>
  Object.fromEntries(Object.entries(headers).filter(([name]) => name.startsWith('x-') || name === 'cookie'))

/** All of them. */
export const requestProbes: readonly Probe[] = [
  {
    name: 'the request line',
    handle: (req, res) => tell(res, [req.method, req.url, req.complete, req.aborted, req.statusCode]),
  },
  {
    name: 'the version',
    handle: (req, res) => tell(res, [req.httpVersion, req.httpVersionMajor, req.httpVersionMinor]),
  },
  {
    name: 'the classes',
    handle: (req, res) =>
      tell(res, [
        req instanceof IncomingMessage,
        req instanceof Readable,
        Object.prototype.toString.call(req),
        req.constructor.name,
      ]),
  },
  {
    name: 'headers',
    headers: { 'X-One': 'a', 'x-two': ['b', 'c'], cookie: 'd=1; e=2' },
    handle: (req, res) => tell(res, [own(req.headers), own(req.headersDistinct), typeof req.headers.host]),
  },
  {
    name: 'no header but those that were sent',
    handle: (req, res) =>
      tell(
        res,
        Object.keys(req.headers)
          .filter((name) => name !== 'connection')
          .sort(),
      ),
  },
  {
    name: 'raw headers',
    headers: { 'X-One': 'a', 'x-two': ['b', 'c'] },
    handle: (req, res) =>
      tell(
        res,
        req.rawHeaders.flatMap((name, index) =>
          /^x-/i.test(name) && index % 2 === 0 ? [name, req.rawHeaders[index + 1]] : [],
        ),
      ),
  },
  {
    name: 'headers with names of objects',
    headers: { constructor: 'a', tostring: 'b', hasownproperty: 'c' },
    handle: (req, res) =>
      tell(res, [
        req.headers['constructor'],
        req.headers['tostring'],
        req.headersDistinct['hasownproperty'],
        Object.getPrototypeOf(req.headersDistinct),
      ]),
  },
  {
    name: 'headers can be written',
    headers: { 'x-one': 'a' },
    handle: (req, res) => {
      req.headers['x-one'] = 'changed'
      req.headers['x-new'] = 'new'
      tell(res, own(req.headers))
    },
  },
  {
    name: 'the socket',
    handle: (req, res) => {
      const { socket } = req
      tell(res, {
        same: [req.socket === req.connection, req.socket === res.socket, res.socket === res.connection],
        address: [
          socket.remoteAddress,
          socket.remoteFamily,
          typeof socket.remotePort,
          typeof socket.localPort,
          socket.localAddress,
        ],
        state: [socket.readable, socket.writable, socket.destroyed, socket.connecting, socket.readyState],
        encrypted: 'encrypted' in socket && socket.encrypted === true,
        methods: [
          'setTimeout',
          'destroy',
          'setKeepAlive',
          'setNoDelay',
          'ref',
          'unref',
          'on',
          'address',
          'pause',
          'cork',
        ].filter((name) => typeof socket[name as 'ref'] !== 'function'),
        keys: Object.keys(socket.address()).sort(),
      })
    },
  },
  {
    name: 'a body by events',
    method: 'POST',
    body: 'a body',
    until: 'request close',
    handle: (req, res, log) => {
      watch(log, 'request', req, REQUEST_EVENTS)
      let text = ''
      req.setEncoding('utf8')
      req.on('data', (piece: string) => (text += piece))
      req.on('end', () => tell(res, [text, req.complete, req.readableEnded]))
    },
  },
  {
    name: 'a large body by iteration',
    method: 'POST',
    body: LARGE,
    handle: async (req, res) => {
      let size = 0
      for await (const piece of req) size += (piece as Buffer).length
      tell(res, [size, req.complete, req.destroyed])
    },
  },
  {
    name: 'a large body through a pipe, echoed',
    method: 'POST',
    body: LARGE,
    handle: (req, res) => void req.pipe(res),
  },
  {
    name: 'a body through a pipeline with a transform',
    method: 'POST',
    body: 'shout',
    handle: (req, res) =>
      void pipeline(
        req,
        new Transform({ transform: (piece: Buffer, _encoding, done) => done(null, piece.toString().toUpperCase()) }),
        res,
        () => {},
      ),
  },
  {
    name: 'pause and resume',
    method: 'POST',
    body: LARGE,
    handle: (req, res) => {
      let size = 0
      req.on('data', (piece: Buffer) => {
        size += piece.length
        req.pause()
        setImmediate(() => req.resume())
      })
      req.on('end', () => tell(res, size))
    },
  },
  {
    name: 'read() on readable',
    method: 'POST',
    body: 'readable',
    handle: (req, res) => {
      const pieces: Buffer[] = []
      req.on('readable', () => {
        for (let piece = req.read() as Buffer | null; piece !== null; piece = req.read() as Buffer | null)
          pieces.push(piece)
      })
      req.on('end', () => tell(res, Buffer.concat(pieces).toString()))
    },
  },
  {
    name: 'end without a body',
    until: 'request close',
    handle: (req, res, log) => {
      watch(log, 'request', req, REQUEST_EVENTS)
      req.resume()
      req.on('end', () => tell(res, [req.complete, req.readableEnded]))
    },
  },
  {
    name: 'a body that nobody reads',
    method: 'POST',
    body: 'unread',
    until: 'request close',
    handle: (req, res, log) => {
      watch(log, 'request', req, ['end', 'close', 'aborted', 'error'])
      tell(res, 'answered')
    },
  },
  {
    name: 'a request without a body that nobody reads',
    until: 'request close',
    handle: (req, res, log) => {
      watch(log, 'request', req, ['end', 'close', 'aborted', 'error'])
      tell(res, 'answered')
    },
  },
  {
    name: 'stream.finished of a request that was read',
    method: 'POST',
    body: 'finished',
    until: 'finished undefined',
    handle: (req, res, log) => {
      finished(req, { writable: false }, (error) => log.note(`finished ${error?.code}`))
      req.resume().on('end', () => tell(res, 'answered'))
    },
  },
  {
    name: 'trailers',
    method: 'POST',
    body: 'with trailers',
    trailers: { 'x-sum': '42' },
    handle: (req, res) =>
      void req.resume().on('end', () => tell(res, [req.trailers, req.trailersDistinct, req.rawTrailers.length])),
  },
  {
    name: 'a body with a length',
    method: 'PUT',
    headers: { 'content-length': '4' },
    body: 'four',
    handle: (req, res) => void req.resume().on('end', () => tell(res, req.headers['content-length'])),
  },
  {
    name: 'an empty body',
    method: 'POST',
    body: '',
    handle: async (req, res) => {
      const pieces: unknown[] = []
      for await (const piece of req) pieces.push(piece)
      tell(res, pieces)
    },
  },
  {
    name: 'unshift',
    method: 'POST',
    body: 'second',
    handle: async (req, res) => {
      req.unshift(Buffer.from('first '))
      let text = ''
      for await (const piece of req) text += String(piece)
      tell(res, text)
    },
  },
  {
    name: 'Expect: 100-continue',
    method: 'POST',
    headers: { expect: '100-continue' },
    body: 'continued',
    handle: (req, res) => {
      let text = ''
      req.on('data', (piece: Buffer) => (text += piece.toString()))
      req.on('end', () => tell(res, text))
    },
  },
  {
    name: 'the client leaves before the answer',
    leaves: 'asked',
    until: 'response close',
    handle: (req, res, log) => {
      watch(log, 'request', req, ['aborted', 'end'])
      res.on('close', () =>
        log.note(`seen ${req.aborted} ${req.destroyed} ${res.destroyed} ${res.writableFinished} ${res.headersSent}`),
      )
      log.note('asked')
      watch(log, 'response', res, ['finish', 'close', 'error'])
    },
  },
  {
    name: 'the client leaves: the request tells an error to who listens',
    leaves: 'asked',
    until: 'request close',
    handle: (req, _res, log) => {
      log.note('asked')
      watch(log, 'request', req, ['aborted', 'error', 'close'])
    },
  },
  {
    name: 'destroy of the request',
    until: 'response close',
    handle: (req, res, log) => {
      watch(log, 'request', req, ['aborted', 'end'])
      watch(log, 'response', res, ['finish', 'close'])
      req.destroy()
    },
  },
  {
    name: 'setTimeout of the request',
    handle: (req, res) => {
      req.setTimeout(10, () => tell(res, 'late'))
    },
  },
]
