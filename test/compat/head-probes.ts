/** The head of a response: status, header fields, and what must not be in it. */

import { type Probe, tell, thrown } from './probes.js'

/** All of them. */
export const headProbes: readonly Probe[] = [
  {
    name: 'writeHead',
    handle: (_req, res) => void res.writeHead(201, { 'X-A': 'a', 'x-list': ['b', 'c'], 'x-number': 5 }).end(),
  },
  {
    name: 'writeHead with a reason',
    handle: (_req, res) => void res.writeHead(200, 'Very Well', { 'x-a': 'a' }).end(),
  },
  {
    name: 'writeHead with a list',
    handle: (_req, res) => void res.writeHead(200, ['x-a', 'a', 'x-b', 'b'] as never).end(),
  },
  {
    name: 'writeHead with pairs',
    handle: (_req, res) =>
      void res
        .writeHead(200, [
          ['x-a', 'a'],
          ['x-b', 'b'],
        ] as never)
        .end(),
  },
  {
    name: 'writeHead behind setHeader',
    handle: (_req, res) => {
      res.setHeader('x-a', 'set')
      res.setHeader('x-b', 'kept')
      res.writeHead(200, { 'X-A': 'written' }).end()
    },
  },
  {
    name: 'writeHead with a list behind setHeader',
    handle: (_req, res) => {
      res.setHeader('x-a', 'set')
      res.writeHead(200, ['x-a', 'written', 'x-c', 'c'] as never).end()
    },
  },
  { name: 'writeHead with undefined headers', handle: (_req, res) => void res.writeHead(200, undefined).end('x') },
  {
    name: 'writeHead with what must not be sent',
    handle: (_req, res) =>
      tell(res, [
        thrown(() => res.writeHead(200, { 'x-a': 'a\r\nx-b: b' })),
        thrown(() => res.writeHead(200, { 'x a': 'a' })),
        thrown(() => res.writeHead(200, { 'x-a': undefined as never })),
        thrown(() => res.writeHead(200, 'O\r\nK')),
        thrown(() => res.writeHead(20)),
        thrown(() => res.writeHead(1000)),
        thrown(() => res.writeHead('a' as never)),
        thrown(() => res.writeHead(200, ['x-a'] as never)),
        (res.statusMessage = 'OK'),
        (res.statusCode = 200),
        res.headersSent,
      ]),
  },
  {
    name: 'a null-prototype object in writeHead',
    handle: (_req, res) =>
      void res.writeHead(200, Object.assign(Object.create(null) as object, { 'x-a': ['x-a', 'b'] })).end(),
  },
  {
    name: 'statusCode and statusMessage',
    handle: (_req, res) => {
      res.statusCode = 418
      res.statusMessage = 'Short and stout'
      res.end()
    },
  },
  ...[200, 201, 202, 203, 206, 300, 301, 302, 304, 400, 401, 403, 404, 413, 416, 422, 425, 500, 501, 503, 599].map(
    (status): Probe => ({
      name: `status ${status}`,
      handle: (_req, res) => {
        res.statusCode = status
        res.end(status === 304 ? undefined : 'content')
      },
    }),
  ),
  {
    name: 'status 204 with content',
    handle: (_req, res) => {
      res.statusCode = 204
      res.end('not sent')
    },
  },
  { name: 'status 204 with a length', handle: (_req, res) => void res.writeHead(204, { 'content-length': 0 }).end() },
  {
    name: 'status 304 with a length',
    handle: (_req, res) => void res.writeHead(304, { 'content-length': 10, etag: '"a"' }).end(),
  },
  { name: 'status 205', handle: (_req, res) => void res.writeHead(205).end() },
  {
    name: 'status 700',
    handle: (_req, res) => {
      const code = thrown(() => res.writeHead(700))
      if (code !== 'nothing') res.statusCode = 200
      res.end(code)
    },
  },
  {
    name: 'headers',
    handle: (_req, res) => {
      res.setHeader('X-One', '1')
      res.setHeader('X-Two', ['a', 'b'])
      res.setHeader('x-three', 3)
      res.setHeader('set-cookie', ['a=1; Path=/', 'b=2'])
      res.setHeader('x-gone', 'x')
      res.removeHeader('X-GONE')
      res.appendHeader('x-one', '2')
      res.appendHeader('x-four', ['4', '5'])
      res.appendHeader('set-cookie', 'c=3')
      tell(res, [
        res.getHeader('x-ONE'),
        res.getHeader('x-three'),
        res.getHeaderNames(),
        res.getHeaders(),
        res.hasHeader('X-Two'),
        res.hasHeader('x-gone'),
        (res as unknown as { getRawHeaderNames(): string[] }).getRawHeaderNames(),
      ])
    },
  },
  {
    name: 'setHeaders',
    handle: (_req, res) => {
      ;(res as unknown as { setHeaders(headers: unknown): void }).setHeaders(
        new Map([
          ['x-a', 'a'],
          ['x-b', ['b', 'c']],
        ] as never),
      )
      ;(res as unknown as { setHeaders(headers: unknown): void }).setHeaders(new Headers({ 'x-c': 'c' }))
      res.end()
    },
  },
  { name: 'setHeader gives the response', handle: (_req, res) => void res.setHeader('x-a', 'a').end() },
  {
    name: 'headers that must not be sent',
    handle: (_req, res) =>
      tell(res, [
        thrown(() => res.setHeader('x-a', 'a\nb')),
        thrown(() => res.setHeader('x-a', 'a\r')),
        thrown(() => res.setHeader('x-a', 'a\0b')),
        thrown(() => res.setHeader('x-a', '\u20ac')),
        thrown(() => res.setHeader('x\n', 'a')),
        thrown(() => res.setHeader('', 'a')),
        thrown(() => res.setHeader('x-a', undefined as never)),
        thrown(() => res.appendHeader('x-a', 'a\nb')),
        thrown(() => res.setHeader('x-a', ['a', 'b\r\n'])),
        thrown(() => res.addTrailers({ 'x-a': 'a\r\nb' })),
        thrown(() => res.addTrailers({ 'x a': 'a' })),
        thrown(() => (res.statusMessage = 'a\r\nx: y')),
        thrown(() => {
          res.statusMessage = 'a\r\nx: y'
          res.writeHead(200)
        }),
        thrown(() => (res.statusMessage = 'OK')),
      ]),
  },
  { name: 'values with blanks at their ends', handle: (_req, res) => void res.setHeader('x-a', ' a ').end() },
  { name: 'an empty value', handle: (_req, res) => void res.setHeader('x-a', '').end() },
  {
    name: 'values of other types',
    handle: (_req, res) => void res.writeHead(200, { 'x-a': true as never, 'x-b': null as never, 'x-c': 1.5 }).end(),
  },
  { name: 'octets above 127', handle: (_req, res) => void res.setHeader('x-a', 'h\u00e9').end() },
  {
    name: 'codes behind the head',
    handle: (_req, res) => {
      res.writeHead(200)
      const codes = [
        thrown(() => res.setHeader('a', 'b')),
        thrown(() => res.removeHeader('a')),
        thrown(() => res.writeHead(200)),
        thrown(() => res.appendHeader('a', 'b')),
        thrown(() => res.flushHeaders()),
      ]
      res.end(codes.join(' '))
    },
  },
]
