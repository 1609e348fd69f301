/** Pages made of templates. */

import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after, describe, it } from 'node:test'
import { App, type AppOptions, HttpError, Skitai, type Was } from '#src/server/index.js'

const home = mkdtempSync(path.join(tmpdir(), 'skitai-templates-'))
after(() => rmSync(home, { recursive: true }))

function write(name: string, text: string): void {
  mkdirSync(path.dirname(path.join(home, name)), { recursive: true })
  writeFileSync(path.join(home, name), text)
}

function making(template: string, options: AppOptions = {}): App {
  write('templates/page.html', template)
  return new App({ home, ...options }).get('/', (was) => was.render('/page.html', { name: '<ann>', list: [1, 2] }))
}

async function page(app: App): Promise<string> {
  return (await app.inject('/')).text()
}

describe('APP-88: pages', () => {
  it('escape what they are given, and see the context of the request', async () => {
    const app = making(
      '{{ name }} {{ name | safe }} {{ was.request.path }} {{ was.g.x }}{% for n in list %}{{ n }},{% endfor %}',
    )
    app.beforeRequest((was) => void (was.g['x'] = 'y'))
    const response = await app.inject('/')
    assert.equal(response.text(), '&lt;ann&gt; <ann> / y1,2,')
    assert.equal(response.headers.get('content-type'), 'text/html; charset=utf-8')
  })

  it('are found in the first folder that has them, and inherit', async () => {
    write('a/base.html', 'A{% block body %}{% endblock %}')
    write('b/base.html', 'B')
    write('b/child.html', '{% extends "base.html" %}{% block body %}child{% endblock %}')
    const app = new App({ home, templates: ['a', 'b'] }).get('/', (was) => was.render('child.html'))
    assert.equal(await page(app), 'Achild')
  })

  it('that are missing, malformed or lead out of their folder are errors', async () => {
    write('secret.txt', 'secret')
    write('templates/broken.html', '{% if %}')
    for (const name of ['missing.html', 'broken.html', '../secret.txt']) {
      const errors: unknown[] = []
      const app = new App({ home }).get('/', (was) => was.render(name))
      const engine = new Skitai({ log: false, onError: (error) => errors.push(error) }).mount('/', app)
      const response = await engine.inject('/')
      assert.deepEqual([response.status, errors.length, response.text().includes('secret')], [500, 1, false], name)
    }
  })

  it('SECURITY 17: see no prototype that a client has sent', async () => {
    write('templates/admin.html', '[{{ admin }}]')
    const app = new App({ home }).post('/', async (was) =>
      was.render('admin.html', (await was.request.json()) as object),
    )
    const body = '{"__proto__":{"admin":true}}'
    assert.equal((await app.inject({ body, headers: { 'content-type': 'application/json' } })).text(), '[]')
  })
})

describe('APP-90, APP-91, APP-93, APP-94: what templates can call', () => {
  it('has other delimiters', async () => {
    const delimiters = { block: ['<%', '%>'], variable: ['${', '}'], comment: ['<#', '#>'] } as const
    assert.equal(
      await page(making('<% if name %>${ name }<% endif %><# no #>{{ name }}', { delimiters })),
      '&lt;ann&gt;{{ name }}',
    )
  })

  it('APP-90: leaves no line where a block stands alone', async () => {
    assert.equal(
      await page(making('{% if name %}\n  {% for n in list %}\n{{ n }}\n  {% endfor %}\n{% endif %}\n')),
      '1\n2\n',
    )
    const delimiters = { trimBlocks: false, lstripBlocks: false }
    assert.equal(await page(making('{% if name %}\n  {% endif %}.', { delimiters })), '\n  .')
  })

  it('are functions with the context, and filters, before and after the first page', async () => {
    const app = making('{{ greet("hi", name) }} {{ name | shout("!") }} {{ later(3) }}')
      .templateGlobal('greet', (was, word, name) => `${String(word)} ${String(name)} at ${was.request.path}`)
      .templateFilter('shout', (text: string, end: string) => text.toUpperCase() + end)
    app.templateGlobal('later', (_was, n) => Number(n) + 1)
    assert.equal(await page(app), 'hi &lt;ann&gt; at / &lt;ANN&gt;! 4')
    app.templateGlobal('later', () => 'new').templateFilter('shout', () => 'quiet')
    assert.equal(await page(app), 'hi &lt;ann&gt; at / quiet new')
  })

  it('APP-95: awaits what the handler has begun, and can end the request', async () => {
    write('templates/await.html', '{% set user = load | await %}{{ user.name }} {{ slow | double }}')
    write('templates/throw.html', '{% if was.throw(404, "no such shoe") %}{% endif %}')
    const app = new App({ home })
      .templateFilter('double', async (n: Promise<number>) => (await n) * 2, { async: true })
      .get('/', (was) => was.render('await.html', { load: Promise.resolve({ name: 'ann' }), slow: Promise.resolve(4) }))
      .get('/throw', (was) => was.render('throw.html'))
    app.get('/fail', (was) =>
      was.render('await.html', { load: Promise.reject(new HttpError(502, 'back end')), slow: 1 }),
    )
    assert.equal(await page(app), 'ann 8')
    const thrown = await app.inject('/throw')
    assert.deepEqual([thrown.status, thrown.text().includes('no such shoe')], [404, true])
    assert.equal((await app.inject('/fail')).status, 502)
  })

  it('APP-89: are those of the environment of nunjucks as well', async () => {
    const app = making('{{ name | last }} {{ colour }}')
    const { environment } = await app.templates.load()
    environment.addFilter('last', (text: string) => text.at(-1))
    environment.addGlobal('colour', 'red')
    assert.equal(await page(app), '&gt; red')
  })

  it('APP-92: can be another engine, by the end of the name', async () => {
    const app = new App({ home })
      .templateEngine('.up', { render: (name, { word }) => `${name}: ${String(word).toUpperCase()}` })
      .get('/', (was) => was.render('a/b.up', { word: 'hi' }))
    assert.equal(await page(app), 'a/b.up: HI')
    assert.throws(() => app.templateEngine('up', { render: () => '' }), /end of a file name/)
  })
})

describe('templates around a page', () => {
  it('APP-97: explain errors by status', async () => {
    write('templates/404.html', '{{ error.code }} {{ error.url }}')
    write('templates/error.html', '{{ error.message }}: {{ error.detail }}')
    const app = new App({ home }).errorTemplate(404, '404.html').errorTemplate(0, 'error.html')
    app.get('/', () => {
      throw new HttpError(409, '<busy>')
    })
    const missing = await app.inject('/-x-')
    assert.deepEqual([missing.status, missing.text()], [404, '404 /-x-'])
    assert.equal(await page(app), 'Conflict: &lt;busy&gt;')
  })

  it('APP-85: are those of the main app, or of the app within', async () => {
    write('inner/templates/page.html', 'inner')
    write('templates/page.html', 'outer')
    const inner = new App({ home: path.join(home, 'inner') })
    inner.get('/1', (was) => was.render('page.html')).get('/2', (was) => was.render2('page.html'))
    const app = new App({ home }).mount('/in', inner)
    assert.deepEqual([(await app.inject('/in/1')).text(), (await app.inject('/in/2')).text()], ['outer', 'inner'])
  })

  it('APP-98: are told of', async () => {
    const told: string[] = []
    const app = making('x')
    for (const event of ['template:rendering', 'template:rendered'])
      app.on(event, (_was, name: string) => told.push(`${event} ${name}`))
    await page(app)
    assert.deepEqual(told, ['template:rendering /page.html', 'template:rendered /page.html'])
  })

  it('are read anew in debug mode', async () => {
    const app = making('one', { debug: true })
    const kept = making('one')
    assert.deepEqual([await page(app), await page(kept)], ['one', 'one'])
    write('templates/page.html', 'two')
    assert.deepEqual([await page(app), await page(kept)], ['two', 'one'])
  })

  it('stand beside files that the app serves', async () => {
    write('static/style.css', 'body{}')
    const app = new App({ home, static: 'static' }).get('/', () => 'page')
    assert.deepEqual([(await app.inject('/style.css')).text(), await page(app)], ['body{}', 'page'])
  })
})

describe('APP-95: promises that a template does not wait for', () => {
  it('may reject, whether it fails or takes another way (SECURITY 51)', async () => {
    const unhandled: unknown[] = []
    const listener = (error: unknown): void => void unhandled.push(error)
    process.on('unhandledRejection', listener)
    try {
      write('templates/some.html', '{{ first | await }}{{ second | await }}')
      write('templates/none.html', 'none')
      const errors: unknown[] = []
      const app = new App({ home }).get('/<name>', (was, { name }) => {
        was.g['third'] = Promise.reject(new Error('third'))
        const second = Promise.reject(new Error('second'))
        return was.render(name, { first: Promise.reject(new Error('first')), second })
      })
      const engine = new Skitai({ log: false, onError: (error) => errors.push(error) }).mount('/', app)
      assert.equal((await engine.inject('/some.html')).status, 500)
      assert.equal((await engine.inject('/none.html')).text(), 'none')
      // Node tells of a rejection once the microtasks behind it are done.
      await new Promise((resolve) => setImmediate(resolve))
      assert.deepEqual(unhandled, [])
      assert.match(String(errors[0]), /first/)
    } finally {
      process.off('unhandledRejection', listener)
    }
  })
})

describe('APP-116: was.csrfTokenInput', () => {
  const FIELD = '<input type="hidden" name="_csrf_token" value="'
  const secureKey = 'a secret that only this test has'

  it('needs no filter in nunjucks, wherever it stands, and may have one', async () => {
    const template = `{% macro form(was) %}{{ was.csrfTokenInput }}{% endmacro %}{% set kept = was.csrfTokenInput %}
{{ was.csrfTokenInput }}{{ kept }}{{ form(was) }}{{ was.csrfTokenInput | safe }}{{ name }}`
    const text = await page(making(template, { secureKey }))
    assert.equal(text.split(FIELD).length, 5)
    assert.ok(text.endsWith('&lt;ann&gt;') && !text.includes('&lt;input'))
  })

  it('is a string for other engines, and for handlers', async () => {
    write('templates/own.html', '{{ was.csrfTokenInput }}')
    write('templates/bad.html', '{{ was.throw(409) }}')
    const app = new App({ home, secureKey })
    app.templateEngine('.txt', { render: (_name, { was }) => typeof (was as Was).csrfTokenInput })
    app.get('/', async (was) => {
      const texts = await Promise.all([was.renderText('own.html'), was.renderText('own.html')])
      await was.renderText('bad.html').catch(() => {})
      return [texts.every((text) => text.startsWith(FIELD)), await was.renderText('a.txt'), typeof was.csrfTokenInput]
    })
    assert.deepEqual((await app.inject('/')).json(), [true, 'string', 'string'])
  })

  it('is escaped where it is made of something else', async () => {
    assert.match(await page(making('{{ was.csrfTokenInput + name }}', { secureKey })), /^&lt;input/)
  })
})

describe('APP-88: was.renderText', () => {
  it('gives the text, and no response', async () => {
    write('templates/row.html', '<li>{{ shoe }} {{ price | await }}</li>')
    const seen: string[] = []
    const app = new App({ home }).get('/', async (was) => {
      const row = await was.renderText('row.html', { shoe: '<boot>', price: Promise.resolve(7) })
      return { row, type: was.response.getHeader('content-type') ?? null }
    })
    app
      .on('template:rendering', (_was, name) => seen.push(name))
      .on('template:rendered', (_was, name) => seen.push(name))
    assert.deepEqual((await app.inject('/')).json(), { row: '<li>&lt;boot&gt; 7</li>', type: null })
    assert.deepEqual(seen, ['row.html', 'row.html'])
  })

  it('fails as a page does, and finds the templates of a part by renderText2', async () => {
    write('templates/which.html', 'outer')
    write('part/which.html', 'inner')
    const part = new App({ home, templates: 'part' })
    part.get('/', async (was) => `${await was.renderText('which.html')} ${await was.renderText2('which.html')}`)
    part.get('/none', (was) => was.renderText('absent.html').catch((error: Error) => error.message))
    const app = new App({ home }).mount('/part', part)
    assert.equal((await app.inject('/part/')).text(), 'outer inner')
    assert.match((await app.inject('/part/none')).text(), /absent\.html/)
  })
})
