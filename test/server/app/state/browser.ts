/** A client that keeps cookies as browsers do, as far as these tests need it. */

import type { App, Skitai } from '#src/server/index.js'

type Injected = Awaited<ReturnType<App['inject']>>
type Request = Exclude<Parameters<App['inject']>[0], string>

export class Browser {
  /** Values by name. */
  readonly cookies: Map<string, string> = new Map()
  readonly #app: Pick<App | Skitai, 'inject'>

  constructor(app: Pick<App | Skitai, 'inject'>) {
    this.#app = app
  }

  async ask(request: string | Request): Promise<Injected> {
    const asked = typeof request === 'string' ? { path: request } : request
    const cookie = [...this.cookies].map(([name, value]) => `${name}=${value}`).join('; ')
    const headers = { ...(asked.headers as Record<string, string>), ...(cookie !== '' && { cookie }) }
    const response = await this.#app.inject({ ...asked, headers })
    for (const line of response.headers.getAll('set-cookie')) {
      const [, name, value] = /^([^=]+)=([^;]*)/.exec(line)!
      if (/; Max-Age=0(?:;|$)/.test(line)) this.cookies.delete(name!)
      else this.cookies.set(name!, value!)
    }
    return response
  }

  /** The content of the response to a GET. */
  async text(path: string): Promise<string> {
    return (await this.ask(path)).text()
  }
}

/** A secret for tests. */
export const SECRET = 'a secret of more than 16 octets'
