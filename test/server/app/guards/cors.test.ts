/** Other origins: APP-131, APP-132, SEC-19. */

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { App, type CorsOptions, HttpError, Skitai } from '#src/server/index.js'

const OURS = 'https://app.example'
type Fields = Record<string, string | undefined>

/** The fields about origins of a response. */
async function fieldsOf(
  cors: CorsOptions,
  request: { method?: string; headers: Record<string, string>; path?: string },
): Promise<Fields & { status: string }> {
  const app = new App({ cors })
    .get('/', () => 'hi')
    .post('/', () => 'hi')
    .get('/closed', { cors: false }, () => 'hi')
    .get('/fail', () => Promise.reject(new HttpError(409)))
    .route('/own', { methods: ['OPTIONS', 'PUT'] }, () => 'own')
  const response = await new Skitai({ log: false, onError: () => {} }).mount('/', app).inject(request)
  const fields: Fields = {}
  for (const [name, value] of response.headers) if (name.startsWith('access-control-')) fields[name.slice(15)] = value
  return { ...fields, vary: response.headers.get('vary'), status: String(response.status) }
}
const from = (origin: string, more: Record<string, string> = {}): { headers: Record<string, string> } => ({
  headers: { origin, ...more },
})
const preflight = (
  origin: string,
  more: Record<string, string> = {},
): { method: string; headers: Record<string, string> } => ({
  method: 'OPTIONS',
  headers: { origin, 'access-control-request-method': 'POST', ...more },
})

describe('SEC-19: a response', () => {
  it('names the one origin that asks, if it is allowed, and says that it depends on that', async () => {
    const cors = { origins: [OURS, 'http://localhost:3000'], credentials: true, exposeHeaders: ['X-Total'] }
    assert.deepEqual(await fieldsOf(cors, from(OURS)), {
      'allow-origin': OURS,
      'allow-credentials': 'true',
      'expose-headers': 'X-Total',
      vary: 'origin',
      status: '200',
    })
    assert.equal((await fieldsOf(cors, from('http://localhost:3000')))['allow-origin'], 'http://localhost:3000')
    for (const other of [
      'https://evil.example',
      'null',
      'https://app.example.evil.example',
      'https://app.example:444',
      'HTTPS://APP.EXAMPLE',
      '',
    ])
      assert.deepEqual(await fieldsOf(cors, from(other)), { vary: 'origin', status: '200' })
    assert.deepEqual(await fieldsOf(cors, { headers: {} }), { vary: 'origin', status: '200' })
  })

  it('is for all where that is said, and then without credentials', async () => {
    assert.deepEqual(await fieldsOf({ origins: '*' }, from('https://any.example')), {
      'allow-origin': '*',
      vary: undefined,
      status: '200',
    })
    assert.throws(
      () => new App({ cors: { origins: '*', credentials: true } }).get('/', () => ''),
      /credentials need a list/,
    )
  })

  it('can ask a function', async () => {
    const origins = (origin: string): boolean => origin.endsWith('.example')
    assert.equal((await fieldsOf({ origins }, from('https://x.example')))['allow-origin'], 'https://x.example')
    assert.equal((await fieldsOf({ origins }, from('https://x.test')))['allow-origin'], undefined)
    assert.equal((await fieldsOf({ origins: () => true }, from('x\u00e4 y')))['allow-origin'], undefined)
    assert.equal((await fieldsOf({ origins: () => true }, from('null')))['allow-origin'], 'null')
  })

  it('has the fields when it is an error, too, and none where the route says so', async () => {
    assert.deepEqual(await fieldsOf({ origins: OURS }, { ...from(OURS), path: '/fail' }), {
      'allow-origin': OURS,
      vary: 'origin, accept',
      status: '409',
    })
    assert.deepEqual(await fieldsOf({ origins: OURS }, { ...from(OURS), path: '/closed' }), {
      vary: undefined,
      status: '200',
    })
  })
})

describe('APP-131: a preflight', () => {
  it('is answered by itself, with the methods of the path', async () => {
    const asked = preflight(OURS, { 'access-control-request-headers': 'x-a, X-B' })
    assert.deepEqual(await fieldsOf({ origins: OURS, headers: ['X-A', 'Content-Type'] }, asked), {
      'allow-origin': OURS,
      'allow-methods': 'GET, HEAD, POST, OPTIONS',
      'allow-headers': 'x-a, content-type',
      'max-age': '600',
      vary: 'origin, access-control-request-method, access-control-request-headers, access-control-request-private-network',
      status: '204',
    })
  })

  it('echoes what is asked for only where that is said', async () => {
    const asked = preflight(OURS, { 'access-control-request-headers': 'x-a, X-B , bad name, x-a,' })
    assert.equal((await fieldsOf({ origins: OURS }, asked))['allow-headers'], undefined)
    assert.equal((await fieldsOf({ origins: OURS, headers: 'reflect' }, asked))['allow-headers'], 'x-a, x-b')
  })

  it('lets into a private network only where that is said', async () => {
    const asked = preflight(OURS, { 'access-control-request-private-network': 'true' })
    assert.equal((await fieldsOf({ origins: OURS }, asked))['allow-private-network'], undefined)
    assert.equal(
      (await fieldsOf({ origins: OURS, privateNetwork: true, maxAgeSeconds: 5 }, asked))['allow-private-network'],
      'true',
    )
  })

  it('gives others nothing', async () => {
    const fields = await fieldsOf({ origins: OURS }, preflight('https://evil.example'))
    assert.deepEqual(Object.keys(fields).sort(), ['status', 'vary'])
    const unknown = await fieldsOf({ origins: OURS }, { ...preflight(OURS), path: '/closed' })
    assert.deepEqual(unknown, { vary: undefined, status: '204' })
    const plain = await fieldsOf({ origins: OURS }, { method: 'OPTIONS', headers: {} })
    assert.deepEqual(plain, { vary: undefined, status: '204' })
  })

  it('goes to a route for OPTIONS, with the fields', async () => {
    const fields = await fieldsOf({ origins: OURS }, { ...preflight(OURS), path: '/own' })
    assert.equal(fields['allow-methods'], 'OPTIONS, PUT')
    assert.equal(fields.status, '200')
  })
})

describe('what no browser understands', () => {
  it('is said when a route is registered', () => {
    const make = (cors: CorsOptions) => () => new App().get('/', { cors }, () => '')
    for (const origins of [
      'app.example',
      'https://app.example/',
      'https://a b',
      ['https://a.example', '*'],
      'https://App.example',
    ])
      assert.throws(make({ origins }), TypeError)
    assert.throws(make({ origins: '*', headers: ['a b'] }), /not the name of a field/)
    assert.throws(make({ origins: '*', exposeHeaders: ['a\r\nb'] }), /not the name of a field/)
  })
})

describe('what no route has made', () => {
  it('can be read by the same origins: 404 and 405', async () => {
    const app = new App({ cors: { origins: [OURS] } }).post('/', () => 'hi')
    for (const path of ['/', '/none'])
      for (const [origin, allowed] of [
        [OURS, OURS],
        ['https://evil.example', undefined],
      ] as const) {
        const { status, headers } = await app.inject({ path, headers: { origin } })
        assert.equal(status, path === '/' ? 405 : 404)
        assert.deepEqual([headers.get('access-control-allow-origin'), headers.get('vary')], [allowed, 'origin, accept'])
      }
  })
})
