/** URLs of routes. */

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { App, int, type Was, Skitai, str } from '#src/server/index.js'

const show = (_was: Was, { id }: { readonly id: number }): string => `episode ${id}`

describe('APP-62: URLs of routes', () => {
  const app = new App({ name: 'shop' })
    .get('/episode/<int:id>', { name: 'episode', query: { page: int(1), q: str('') } }, show)
    .get('/user/<name>/pets', { name: 'pets' }, (_was, { name }) => name)
    .get('/files/<path:file>', { name: 'files' }, (_was, { file }) => file)

  it('have the parameters of the path in it, and others behind it', () => {
    assert.equal(app.url('episode', { id: 3 }), '/episode/3')
    assert.equal(app.url('episode', { id: 3, page: 2, q: 'a b&c=ü' }), '/episode/3?page=2&q=a%20b%26c%3D%C3%BC')
    assert.equal(app.url(show, { id: 4 }), '/episode/4')
    assert.equal(app.url('pets', { name: 'ann lee' }), '/user/ann_lee/pets')
    assert.equal(app.url('files', { file: 'a/b c.txt' }), '/files/a/b%20c.txt')
    assert.equal(app.url('/static/x y.css'), '/static/x%20y.css')
  })

  it('are checked by the compiler where names are known', () => {
    // @ts-expect-error -- there is no such name
    assert.throws(() => app.url('nothing'), /no route has the name nothing/)
    // @ts-expect-error -- the parameter is a number
    assert.throws(() => app.url('episode', { id: 'x' }), /cannot stand/)
    // @ts-expect-error -- the parameter is missing
    assert.throws(() => app.url('episode', {}), /needs the parameter id/)
    // @ts-expect-error -- there is no such parameter
    assert.throws(() => app.url('episode', { id: 3, more: 1 }), /no parameter more/)
    assert.throws(() => app.url(() => ''), /this handler/)
  })

  it('hold nothing that no request could bring back', () => {
    for (const name of ['', 'a_b', 'a/b', '.', '..', 'a\\b', 'a\0', '\ud800'])
      assert.throws(() => app.url('pets', { name }), /cannot stand/, JSON.stringify(name))
    for (const file of ['', '/a', 'a//b', 'a/../b', '.'])
      assert.throws(() => app.url('files', { file }), /cannot stand/, file)
    for (const id of [-1, 1.5, NaN, 2 ** 60]) assert.throws(() => app.url('episode', { id }), /cannot stand/)
    assert.throws(() => app.url('episode', { id: 1, q: '\udc00' }), /surrogate/)
  })

  it('take defaults for what is missing', () => {
    const pages = new App().get('/page/<int:n>', { name: 'page', defaults: { n: 1 } }, (_was, { n }) => n)
    assert.equal(pages.url('page', {} as { n: number }), '/page/1')
  })

  it('build what the router takes apart', () => {
    const text = fc.string({ unit: 'binary', maxLength: 8 })
    const tree = new App()
      .get('/a/<one>/<int:two>', { name: 'a' }, () => '')
      .get('/b/<string:one>.<ext>', { name: 'b' }, () => '')
      .get('/c/<float:one>/<path:two>', { name: 'c' }, () => '')
    let built = 0
    fc.assert(
      fc.property(
        fc.constantFrom('a', 'b', 'c'),
        text,
        text,
        fc.nat(),
        fc.double().map((n) => n || 0),
        (name, one, ext, two, float) => {
          const args = { a: { one, two }, b: { one, ext }, c: { one: float, two: one } }[name]!
          let url: string
          try {
            url = (tree as App).url(name, args as unknown as { one: string })
          } catch (error) {
            assert.match(String(error), /cannot stand/)
            return
          }
          built++
          const match = tree.tree.router.find('GET', decodeURIComponent(url))
          assert.ok(match.found === 'route')
          assert.equal(match.route.name, name)
          assert.deepEqual({ ...match.params }, args)
        },
      ),
      { numRuns: 3000 },
    )
    assert.ok(built > 100, `only ${built} were built`)
  })
})

describe('APP-63, APP-64, APP-65, APP-66: URLs within a request', () => {
  const inner = new App().get('/users/<int:id>', { name: 'user' }, (was) => [
    was.url('admin.user', { id: 1 }),
    was.partial({ page: 2, drop: null }),
    was.basepath('admin.user'),
    was.ab('/x'),
    was.url('blog:post', { slug: 'hello world' }),
  ])
  const shop = new App({ name: 'shop' }).mount('/admin', inner, { namespace: 'admin' })
  const blog = new App({ name: 'blog' }).get('/post/<slug>', { name: 'post' }, (_was, { slug }) => slug)

  it('have the mount point, the namespace, and the parameters of the request', async () => {
    const engine = new Skitai({ log: false }).mount('/shop', shop).mount('/blog', blog)
    assert.deepEqual((await engine.inject('/shop/admin/users/7?q=a&q=b&drop=1')).json(), [
      '/shop/admin/users/1',
      '/shop/admin/users/7?q=a&q=b&page=2',
      '/shop/admin/users/',
      '/shop/x',
      '/blog/post/hello_world',
    ])
    assert.throws(() => (shop as App).url('nobody:post'), /no app nobody/)
  })

  it('APP-66: need no namespace where the handler is at hand', async () => {
    const next = (was: Was, { id }: { readonly id: number }): string => was.url(next, { id: id + 1 })
    const part = new App().get('/pet/<int:id>', { name: 'pet' }, next)
    const app = new App().mount('/a', part, { namespace: 'zoo' }) as App
    assert.equal((await app.inject('/a/pet/1')).text(), '/a/pet/2')
    assert.equal(app.url('zoo.pet', { id: 3 }), '/a/pet/3')
    assert.throws(() => app.url('pet', { id: 3 }), /no route has the name pet/)
  })

  it('APP-30: names are given once; a handler that happens to be called alike names nothing', () => {
    const app = new App().get('/a', { name: 'x' }, () => '')
    assert.throws(() => app.get('/b', { name: 'x' }, () => ''), /two routes have the name x/)
    const twice = new App() as App
    twice.get('/a', function same() {
      return ''
    })
    twice.get('/b', function same() {
      return ''
    })
    assert.throws(() => twice.url('same'), /several routes/)
    twice.get('/c', { name: 'same' }, () => '')
    assert.equal(twice.url('same'), '/c')
  })
})
