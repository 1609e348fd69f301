/** What apps are measured with, and beside whom. */

/** The servers by the names that they have in the results. */
export type AppServerName = 'skitai' | 'fastify' | '@hono/node-server' | 'express'

/** What a server is asked to do; one process does one of them. */
export type AppTask = 'typed' | 'post' | 'page' | 'upload'

/** One scenario; the first server is ours. */
export interface AppScenario {
  readonly name: AppTask
  readonly title: string
  readonly servers: readonly AppServerName[]
  readonly method: 'GET' | 'POST'
  readonly path: string
  /** Content of the request, JSON; empty for none. */
  readonly body: string
  /** A path that is asked first, for the cookies of a session. */
  readonly login: string | undefined
  /** Throws when an answer is not what it has to be. */
  readonly check: (text: string) => void
}

/** Octets of an upload. */
export const UPLOAD_BYTES: number = 100 * 2 ** 20

const person = { name: 'Ann Lee', age: 42, email: 'ann@example.test', text: 'x'.repeat(950) }

function same(wanted: object): (text: string) => void {
  return (text) => {
    if (text !== JSON.stringify(wanted)) throw new Error(`a wrong answer: ${text}`)
  }
}

/** All scenarios, in the order in which they run. */
export const scenarios: readonly AppScenario[] = [
  {
    name: 'typed',
    title: 'Hello as JSON through a typed path and query parameter, 64 connections',
    servers: ['skitai', 'fastify', '@hono/node-server'],
    method: 'GET',
    path: '/hello/5?num=3',
    body: '',
    login: undefined,
    check: same({ hello: 'world', id: 5, num: 3 }),
  },
  {
    name: 'post',
    title: 'POST of 1 KiB of JSON, validated and sent back, 64 connections',
    servers: ['skitai', 'fastify'],
    method: 'POST',
    path: '/echo',
    body: JSON.stringify(person),
    login: undefined,
    check: same(person),
  },
  {
    name: 'page',
    title: 'A page from a template of nunjucks with a session and a token against forged requests, 64 connections',
    servers: ['skitai', 'express'],
    method: 'GET',
    path: '/page',
    body: '',
    login: '/login',
    check: (text) => {
      const found = /<h1>Hello, Ann Lee<\/h1>/.test(text) && /name="_csrf" value="[^"]{16,}"/.test(text)
      if (!found || text.split('<li>').length !== 21 || !text.includes('shoe &lt;19&gt;'))
        throw new Error(`a wrong page: ${text}`)
    },
  },
  {
    name: 'upload',
    title: 'Upload of a form with a file of 100 MiB, kept on the disk',
    servers: ['skitai', 'fastify'],
    method: 'POST',
    path: '/upload',
    body: '',
    login: undefined,
    check: () => {},
  },
]
