// The welcome page itself.

import { docItem } from './docs.js'
import { html, page } from './html.js'

/**
 * @param {import('skitai').Request} request
 * @param {readonly { readonly file: string, readonly title: string }[]} docPages
 */
export function welcomePage(request, docPages) {
  const { method, path, version, scheme, remoteAddress } = request
  return page(
    'Welcome to skitai',
    html`
      <header class="hero">
        <div class="frame">
          <img src="/static/mark.svg" alt="" width="72" height="72" />
          <h1>skitai is running</h1>
          <p class="lead">
            Mount apps, directories and functions on one server, and go. Everything on this page is live.
          </p>
          <p class="line">
            <code>${method} ${path} HTTP/${version}</code> <span>over ${scheme} from ${remoteAddress}</span>
          </p>
          <nav><a class="button" href="/docs/">Read the docs</a> <a href="#headers">See your request</a></nav>
        </div>
      </header>
      <main class="frame">
        <section class="cards" aria-label="What runs here">
          ${staticCard()} ${routeCard()} ${jsonCard()} ${streamCard()}
        </section>
        <section id="headers">
          <h2>Your request</h2>
          <p>The fields as they came, in order: <code>was.request.getHeaders()</code></p>
          <div class="scroll">
            <table>
              <thead>
                <tr>
                  <th scope="col">Name</th>
                  <th scope="col">Value</th>
                </tr>
              </thead>
              <tbody>
                ${request.getHeaders().map(
                  ([name, value]) =>
                    html`<tr>
                      <th scope="row">${name}</th>
                      <td>${value}</td>
                    </tr>`,
                )}
              </tbody>
            </table>
          </div>
        </section>
        <section id="docs">
          <h2>Where to go next</h2>
          <ul class="docs">
            ${docPages.map(docItem)}
          </ul>
          <p>The page that you see is <code>examples/welcome/main.js</code>: copy it, and change it.</p>
        </section>
      </main>
      <script src="/static/welcome.js" type="module"></script>
    `,
  )
}

function staticCard() {
  return html`
    <article class="card">
      <h2>A static file</h2>
      <pre><code>skitai.mount('/static', './static')</code></pre>
      <p>With strong validators, ranges, precompressed variants, and no way out of the directory.</p>
      <div class="actions">
        <button type="button" data-demo="static">Ask</button>
        <button type="button" data-demo="again">Changed?</button>
        <button type="button" data-demo="range">16 bytes</button> <a href="/static/mark.svg">/static/mark.svg</a>
      </div>
      <output data-out="static">GET /static/mark.svg</output>
    </article>
  `
}

function routeCard() {
  return html`
    <article class="card">
      <h2>A route with a typed parameter</h2>
      <pre><code>app.route('/episode/&lt;int:id&gt;', { methods: ['GET'] },
  (was, { id }) =&gt; \`Episode \${id}\`)</code></pre>
      <p>The rule makes <code>id</code> a number, at run time and for TypeScript.</p>
      <form class="actions" data-demo="route" action="/episode/12">
        <label>id <input name="id" value="12" inputmode="numeric" size="6" autocomplete="off" /></label>
        <button>Ask</button>
        <a href="/episode/12">/episode/12</a>
      </form>
      <output data-out="route">GET /episode/12</output>
    </article>
  `
}

function jsonCard() {
  return html`
    <article class="card">
      <h2>JSON</h2>
      <pre><code>app.get('/api/server', () =&gt; ({ server: 'skitai', … }))</code></pre>
      <p>A plain object is sent as JSON; <code>was.request.json()</code> reads it.</p>
      <div class="actions">
        <button type="button" data-demo="json">Ask</button> <a href="/api/server">/api/server</a>
      </div>
      <output data-out="json">GET /api/server</output>
    </article>
  `
}

function streamCard() {
  return html`
    <article class="card">
      <h2>A streamed response</h2>
      <pre><code>async function* ticks() { yield 'tick 1\\n'; … }</code></pre>
      <p>Sent piece by piece as you take it, and stopped when you leave.</p>
      <div class="actions">
        <button type="button" data-demo="stream">Ask</button>
        <button type="button" data-demo="stop" disabled>Leave</button> <a href="/ticks">/ticks</a>
      </div>
      <output data-out="stream" aria-live="polite">GET /ticks</output>
    </article>
  `
}
