import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { LogFilter } from '#src/server/log/log-filter.js'

describe('LogFilter', () => {
  it('logs everything at first', () => {
    assert.ok(new LogFilter().logs('/x'))
  })

  it('leaves out prefixes and suffixes', () => {
    const filter = new LogFilter()
    filter.off('/health', '/static/*', '*.css')
    filter.off('*/favicon.ico')
    for (const uri of [
      '/health',
      '/healthy',
      '/health?x',
      '/static/',
      '/static/a/b',
      '/a.css',
      '/a/b.css?v=1',
      '/favicon.ico',
      '/x/favicon.ico',
    ])
      assert.ok(!filter.logs(uri), uri)
    for (const uri of [
      '/',
      '/?x=/health',
      '/static',
      '/a.css/',
      '/a?x=.css',
      '/heal',
      '*',
      'example.com:443',
      'http://a/health',
    ])
      assert.ok(filter.logs(uri), uri)
  })

  it('always logs the root', () => {
    const filter = new LogFilter()
    filter.off('/', '*')
    assert.ok(filter.logs('/') && filter.logs('/?a'))
    assert.ok(!filter.logs('/a'))
  })

  it('refuses other patterns and takes none of their neighbours', () => {
    const filter = new LogFilter()
    for (const pattern of ['', 'health', '.css']) assert.throws(() => filter.off('/a', pattern), RangeError)
    assert.ok(filter.logs('/a'))
  })
})
