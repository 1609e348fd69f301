import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import {
  CommandLineError,
  enterCommand,
  parseCommandLine,
  tellRunning,
  withOverrides,
} from '#src/server/command-line.js'

describe('parseCommandLine', () => {
  it('reads what to run and where', () => {
    const run = { kind: 'run', target: 'x', overrides: {}, rest: [] }
    assert.deepEqual(parseCommandLine(['x']), run)
    assert.deepEqual(parseCommandLine(['x', '--port', '0']), { ...run, overrides: { port: 0 } })
    assert.deepEqual(parseCommandLine(['--address=::1', 'x', '--port=65535']), {
      ...run,
      overrides: { address: '::1', port: 65_535 },
    })
    assert.deepEqual(parseCommandLine(['x', '--tls-dev']), { ...run, overrides: { tls: { dev: true } } })
    assert.deepEqual(parseCommandLine(['x', 'a', '--', '--port', 'b']), { ...run, rest: ['a', '--port', 'b'] })
    assert.deepEqual(parseCommandLine(['--', '-x']), { ...run, target: '-x' })
  })

  it('reads what is to be told', () => {
    for (const args of [['--help'], ['-h'], ['x', '--port', 'y', '--help']])
      assert.deepEqual(parseCommandLine(args), { kind: 'help' })
    assert.deepEqual(parseCommandLine(['--version']), { kind: 'version' })
  })

  it('refuses all else, in one line', () => {
    for (const args of [
      [],
      ['--port', '80'],
      ['x', '--prot', '1'],
      ['x', '-p', '1'],
      ['x', '--port'],
      ['x', '--port', ''],
      ['x', '--port', '65536'],
      ['x', '--port', '-1'],
      ['x', '--port', '1e3'],
      ['x', '--address', ''],
      ['x', '--help=1'],
      ['x', '--tls-dev=1'],
      ['x', '--tls'],
      ['x', '--address', '--port'],
    ])
      assert.throws(
        () => parseCommandLine(args),
        (error) => error instanceof CommandLineError && /^.{10,}[^.]$/.test(error.message),
        args.join(' '),
      )
  })
})

describe('the options of the command line', () => {
  it('beat those of the first run only, and hear of all', () => {
    const options = { port: 1, address: 'a', path: '/p', descriptor: 3 }
    assert.equal(withOverrides(options), options)
    tellRunning({ url: 'nobody listens', fingerprint256: '' })
    const told: string[] = []
    enterCommand({ overrides: { port: 2 }, onRunning: ({ url }) => told.push(url) })
    assert.deepEqual(withOverrides(options), { port: 2, address: 'a' })
    assert.equal(withOverrides(options), options)
    tellRunning({ url: 'http://a:2', fingerprint256: '' })
    tellRunning({ url: 'http://a:1', fingerprint256: '' })
    assert.deepEqual(told, ['http://a:2', 'http://a:1'])
    enterCommand({ overrides: {}, onRunning: () => {} })
    assert.equal(withOverrides(options), options)
  })
})
