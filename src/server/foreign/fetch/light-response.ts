/**
 * A `Response` that costs little while nobody looks into it. The one of the runtime makes a stream of any content, and
 * takes longer for that than the rest of a small answer does: on Node 20, 10 of 20 microseconds.
 */

import { FieldLines } from '../../../protocols/http1/writer.js'

type Whole = string | Uint8Array

/** What a response that nobody has looked into consists of. */
export interface PlainResponse {
  readonly status: number
  readonly fields: FieldLines | readonly (readonly [string, string])[] | Headers
  readonly body: Whole | undefined
}

const TEXT: FieldLines = new FieldLines(['content-type', 'text/plain;charset=UTF-8'])
const NO_INIT: ResponseInit = {}

/** The class of the runtime, while ours stands in its place. */
let Native: typeof Response | undefined

/** A response that is made real when somebody looks into it: `instanceof Response` holds. */
export class LightResponse {
  readonly #body: Whole | undefined
  readonly #status: number
  readonly #fields: FieldLines | [string, string][]
  #headers: Headers | undefined
  #native: Response | undefined

  constructor(body?: ConstructorParameters<typeof Response>[0], init: ResponseInit = NO_INIT) {
    const { status = 200, statusText, headers } = init ?? NO_INIT
    this.#status = status
    this.#fields = TEXT
    const plain = isWhole(body) && isUsual(status, statusText)
    if (!plain || (status === 204 && body !== undefined) || (status === 205 && body !== undefined)) {
      this.#native = new (native())(body, init)
      return
    }
    this.#body = body instanceof ArrayBuffer ? new Uint8Array(body.slice(0)) : (body ?? undefined)
    const text = typeof body === 'string'
    if (headers === undefined) {
      if (!text) this.#fields = []
      return
    }
    // What becomes of odd values is the runtime's to say.
    if (!isRecord(headers)) {
      this.#headers = new Headers(headers)
      if (text && !this.#headers.has('content-type')) this.#headers.set('content-type', TEXT.list[1]!)
      return
    }
    this.#fields = fieldsOf(headers, text)
  }

  get status(): number {
    return this.#status
  }

  get ok(): boolean {
    return this.#status < 300
  }

  get statusText(): string {
    return this.#native?.statusText ?? ''
  }

  get type(): Response['type'] {
    return 'default'
  }

  get url(): string {
    return ''
  }

  get redirected(): boolean {
    return false
  }

  get headers(): Headers {
    if (this.#headers === undefined && this.#native !== undefined) return this.#native.headers
    this.#headers ??= new Headers(pairsOf(this.#fields))
    return this.#headers
  }

  get body(): ReadableStream<Uint8Array> | null {
    if (this.#body === undefined && this.#native === undefined) return null
    return LightResponse.native(this).body as ReadableStream<Uint8Array> | null
  }

  get bodyUsed(): boolean {
    return this.#native?.bodyUsed ?? false
  }

  arrayBuffer(): Promise<ArrayBuffer> {
    return LightResponse.native(this).arrayBuffer()
  }

  blob(): Promise<Blob> {
    return LightResponse.native(this).blob()
  }

  formData(): Promise<FormData> {
    return LightResponse.native(this).formData()
  }

  json(): Promise<unknown> {
    return LightResponse.native(this).json()
  }

  text(): Promise<string> {
    return LightResponse.native(this).text()
  }

  clone(): Response {
    const copy = LightResponse.native(this).clone()
    if (this.#headers === undefined) return copy
    return new (native())(copy.body, { status: this.#status, statusText: this.statusText, headers: this.#headers })
  }

  /** For what needs a real one: it takes the content with it. */
  static native(light: LightResponse): Response {
    light.#native ??= new (native())(light.#body, {
      status: light.#status,
      headers: light.#headers ?? pairsOf(light.#fields),
    })
    return light.#native
  }

  /** What a response consists of; undefined for one of the runtime, or one that was looked into. */
  static plain(response: object): PlainResponse | undefined {
    if (!(#native in response) || response.#native !== undefined) return undefined
    return { status: response.#status, fields: response.#headers ?? response.#fields, body: response.#body }
  }

  static [Symbol.hasInstance](value: unknown): boolean {
    return value instanceof native()
  }
}

function native(): typeof Response {
  return Native ?? Response
}

function isWhole(body: unknown): body is string | Uint8Array | ArrayBuffer | null | undefined {
  return (
    typeof body === 'string' ||
    body === null ||
    body === undefined ||
    body instanceof Uint8Array ||
    body instanceof ArrayBuffer
  )
}

function isUsual(status: unknown, statusText: unknown): boolean {
  if (!Number.isInteger(status) || (status as number) < 200 || (status as number) > 599) return false
  return (statusText === undefined || statusText === '') && status !== 304
}

function isRecord(headers: unknown): headers is Readonly<Record<string, string>> {
  return typeof headers === 'object' && headers !== null && Object.getPrototypeOf(headers) === Object.prototype
}

function fieldsOf(headers: Readonly<Record<string, string>>, text: boolean): [string, string][] {
  const fields: [string, string][] = []
  let typed = !text
  for (const name of Object.keys(headers)) {
    const lower = name.toLowerCase()
    typed ||= lower === 'content-type'
    fields.push([lower, String(headers[name])])
  }
  if (!typed) fields.push(['content-type', TEXT.list[1]!])
  return fields
}

function pairsOf(fields: FieldLines | [string, string][]): [string, string][] {
  return fields instanceof FieldLines ? [['content-type', TEXT.list[1]!]] : fields
}

/**
 * Makes it one of the runtime's own to whoever asks, by `instanceof` or by the symbols of the runtime. Undefined where
 * another adapter has been faster, and has derived a class of its own: that takes all responses for its own kind.
 */
function link(): typeof Response | undefined {
  const runtime = globalThis.Response
  if (Object.getPrototypeOf(runtime) !== Function.prototype) return undefined
  Native = runtime
  Object.setPrototypeOf(LightResponse, runtime)
  Object.setPrototypeOf(LightResponse.prototype, runtime.prototype)
  for (const name of Object.getOwnPropertySymbols(new runtime()))
    Object.defineProperty(LightResponse.prototype, name, {
      configurable: true,
      get(this: LightResponse) {
        return Reflect.get(LightResponse.native(this), name) as unknown
      },
    })
  Object.defineProperty(LightResponse, 'name', { value: 'Response' })
  return runtime
}

const Light = LightResponse as unknown as typeof Response

/**
 * Calls `run` with the lighter class in the place of the global `Response`, until it returns: what it awaits finds the
 * class of the runtime again. Where somebody has replaced that, nothing is changed.
 */
export function lightly<Result>(run: () => Result): Result {
  const runtime = Native ?? link()
  if (runtime === undefined || globalThis.Response !== runtime) return run()
  globalThis.Response = Light
  try {
    return run()
  } finally {
    if (globalThis.Response === Light) globalThis.Response = runtime
  }
}

/**
 * Puts a lighter class in the place of the global `Response`, for all of the process: what a `fetch` handler then makes
 * with text or bytes as its content is sent without a stream, also behind an `await`. Everything else goes on to the
 * class of the runtime, and `instanceof` holds both ways. Gives a function that takes it back. Where another adapter
 * has put a class of its own there before, nothing is changed.
 */
export function useLightResponse(): () => void {
  const runtime = Native ?? link()
  if (runtime === undefined) return () => {}
  globalThis.Response = Light
  return () => {
    globalThis.Response = runtime
  }
}
