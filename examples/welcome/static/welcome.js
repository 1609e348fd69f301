// Lets the cards of the welcome page talk to the server.

/** @param {string} name */
const outputOf = (name) => /** @type {HTMLOutputElement} */ (document.querySelector(`[data-out="${name}"]`))

/**
 * @param {string} name
 * @param {string} text
 */
function show(name, text) {
  const output = outputOf(name)
  output.textContent = text
  output.classList.add('live')
}

/**
 * What came back, as a reader of the wire would see it.
 *
 * @param {string} request
 * @param {Response} response
 * @param {readonly string[]} names
 */
function describe(request, response, names) {
  const fields = names
    .filter((name) => response.headers.has(name))
    .map((name) => `${name}: ${response.headers.get(name)}`)
  return [request, `${response.status} ${response.statusText}`, ...fields].join('\n')
}

const file = '/static/mark.svg'
let leave = new AbortController()

/** @type {Record<string, () => Promise<void>>} */
const demos = {
  async static() {
    const response = await fetch(file, { cache: 'no-store' })
    const { byteLength } = await response.arrayBuffer()
    const names = ['content-type', 'etag', 'last-modified']
    show('static', `${describe(`GET ${file}`, response, names)}\n${byteLength} octets`)
  },

  async again() {
    const first = await fetch(file, { method: 'HEAD', cache: 'no-store' })
    const etag = first.headers.get('etag') ?? ''
    const response = await fetch(file, { cache: 'no-store', headers: { 'if-none-match': etag } })
    show('static', describe(`GET ${file}\nif-none-match: ${etag}`, response, ['etag']))
  },

  async range() {
    const response = await fetch(file, { cache: 'no-store', headers: { range: 'bytes=0-15' } })
    const text = await response.text()
    show('static', `${describe(`GET ${file}\nrange: bytes=0-15`, response, ['content-range'])}\n${text}`)
  },

  async route() {
    const input = /** @type {HTMLInputElement} */ (document.querySelector('[name="id"]'))
    const target = `/episode/${encodeURIComponent(input.value)}`
    const response = await fetch(target)
    const text = response.ok ? await response.text() : 'No such route: the rule wants digits.'
    show('route', `${describe(`GET ${target}`, response, ['content-type'])}\n\n${text}`)
  },

  async json() {
    const response = await fetch('/api/server')
    const value = JSON.stringify(await response.json(), undefined, 2)
    show('json', `${describe('GET /api/server', response, ['content-type'])}\n\n${value}`)
  },

  async stream() {
    leave = new AbortController()
    setStreaming(true)
    show('stream', 'GET /ticks')
    try {
      const response = await fetch('/ticks', { signal: leave.signal })
      const pieces = /** @type {ReadableStream<Uint8Array>} */ (response.body)
        .pipeThrough(new TextDecoderStream())
        .getReader()
      let text = `${describe('GET /ticks', response, ['content-type'])}\n\n`
      for (let piece = await pieces.read(); !piece.done; piece = await pieces.read()) {
        text += piece.value
        show('stream', text)
        outputOf('stream').scrollTop = outputOf('stream').scrollHeight
      }
    } catch (error) {
      if (!leave.signal.aborted) throw error
      outputOf('stream').textContent += 'You have left, and the server has stopped.'
    } finally {
      setStreaming(false)
    }
  },

  async stop() {
    leave.abort()
  },
}

/** @param {boolean} streaming */
function setStreaming(streaming) {
  for (const [name, disabled] of /** @type {const} */ ([
    ['stream', streaming],
    ['stop', !streaming],
  ]))
    /** @type {HTMLButtonElement} */ (document.querySelector(`[data-demo="${name}"]`)).disabled = disabled
}

/** @type {Record<string, string>} */
const outputs = { again: 'static', range: 'static', stop: 'stream' }

/** @param {string} name */
async function run(name) {
  try {
    await demos[name]?.()
  } catch (error) {
    show(outputs[name] ?? name, String(error))
  }
}

for (const element of document.querySelectorAll('[data-demo]')) {
  const name = element.getAttribute('data-demo') ?? ''
  element.addEventListener(element instanceof HTMLFormElement ? 'submit' : 'click', (event) => {
    event.preventDefault()
    void run(name)
  })
}

for (const name of ['static', 'route', 'json', 'stream']) void run(name)
