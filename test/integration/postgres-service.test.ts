/** Our server role and the clients of others: psql, with TLS and SCRAM, `pg`, and the example of a service. */

import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { text } from 'node:stream/consumers'
import { after, before, describe, it } from 'node:test'
import pg from 'pg'
import { md5Verifier, scramVerifier } from 'skitai/postgres'
import { makeCertificate } from '../io/certificate.js'
import { Service } from '../postgres/service.js'
import { digests } from '../vectors/postgres-commands.js'
import { plainEnvironment, repoRoot } from '../../tools/repo.js'

interface Printed {
  readonly stdout: string
  readonly stderr: string
  readonly code: number
}

function startPsql(port: number, parameters: string, args: readonly string[], password = 'pencil'): ChildProcess {
  const connection = `host=127.0.0.1 port=${port} user=user dbname=shop ${parameters}`
  const env = { ...plainEnvironment(), PGPASSWORD: password, PGCONNECT_TIMEOUT: '20' }
  return spawn('psql', ['-X', '-A', '-t', '-v', 'VERBOSITY=verbose', connection, ...args], { env })
}

async function psql(
  port: number,
  parameters: string,
  args: readonly string[],
  input = '',
  password?: string,
): Promise<Printed> {
  const child = startPsql(port, parameters, args, password)
  child.stdin!.end(input)
  const [stdout, stderr, [code]] = await Promise.all([
    text(child.stdout!),
    text(child.stderr!),
    once(child, 'close') as Promise<[number]>,
  ])
  return { stdout, stderr, code }
}

describe('psql and our server', { timeout: 60_000 }, () => {
  let service: Service

  before(async () => {
    service = await Service.open()
  })
  after(() => service.close())

  it('copies in, selects, and copies out', async () => {
    const inside = await psql(service.port, 'sslmode=disable', ['-c', 'copy t from stdin'], 'one\ntwo\nthrée\n')
    assert.deepEqual([inside.stdout, inside.stderr], ['COPY 3\n', ''])
    const selected = await psql(service.port, '', ['-c', 'select * from t'])
    assert.deepEqual([selected.stdout, selected.stderr], ['1|one\n2|two\n3|thrée\n', ''])
    const outside = await psql(service.port, '', ['-c', 'copy t to stdout'])
    assert.deepEqual([outside.stdout, outside.stderr], ['one\ntwo\nthrée\n', ''])
  })

  it('is told of errors with all their fields, and goes on', async () => {
    const { stdout, stderr } = await psql(service.port, '', [], 'nonsense;\nselect 1;\n\\d\nselect 2;\n')
    assert.match(
      stderr,
      /^ERROR: {2}42601: syntax error\nLINE 1: nonsense;?\n +\^\nDETAIL: {2}nonsense;?\nHINT: {2}say select\n/,
    )
    assert.equal(stdout.split('\n').filter((line) => line === '1|one').length, 2)
  })

  it('breaks its copy off, and we do', async () => {
    const theirs = await psql(service.port, '', ['-c', '\\copy t from program \'printf "a\\n"; exit 1\''])
    assert.notEqual(theirs.stderr, '')
    const ours = await psql(service.port, '', ['-c', 'copy t from stdin', '-c', 'select'], 'poison\n'.repeat(20_000))
    assert.match(ours.stderr, /^ERROR: {2}22P04: this cannot be copied\n/)
    assert.match(ours.stdout, /^1\|one\n/)
    assert.equal(service.rows.includes('poison'), false)
  })

  it('cancels what takes too long', async () => {
    const child = startPsql(service.port, '', ['-c', 'select pg_sleep(60)'])
    const output = text(child.stderr!)
    const closed = once(child, 'close')
    await new Promise<void>((resolve) => void (service.onSleep = resolve))
    child.kill('SIGINT')
    await closed
    assert.match(await output, /^Cancel request sent\nERROR: {2}57014: canceling statement due to user request\n/)
  })

  it('uses the extended query', async () => {
    const input = 'select * from t where text = $1 \\bind two \\g\nnonsense \\bind \\g\nselect \\bind three \\g\n'
    const { stdout, stderr } = await psql(service.port, '', [], input)
    // Before version 16 psql cannot do that.
    if (stderr.includes('invalid command \\bind')) return
    assert.match(stderr, /^ERROR: {2}42601: syntax error\n/)
    assert.equal(stdout, '2|two\n')
  })

  it('has done nothing wrong', () => {
    assert.deepEqual(service.faults, [])
  })
})

describe('psql, TLS and proofs', { timeout: 60_000 }, () => {
  const { cert, key } = makeCertificate()
  const salt = Buffer.from('0123456789abcdef')
  const ways = {
    'scram-sha-256': { method: 'scram-sha-256', verifier: scramVerifier('pencil', salt, 4096, digests) },
    md5: { method: 'md5', verifier: md5Verifier('user', 'pencil', digests) },
    password: { method: 'password', password: 'pencil' },
  } as const

  for (const [way, auth] of Object.entries(ways))
    it(`${way}: the right password gets in, another one does not, nor does anybody else`, async () => {
      const service = await Service.open({
        auth: (user) => (user === 'user' ? auth : { method: auth.method, verifier: undefined }),
        tls: { cert, key },
      })
      try {
        service.rows.push('secret')
        for (const sslmode of ['disable', 'prefer', 'require']) {
          const right = await psql(service.port, `sslmode=${sslmode}`, ['-c', 'select'])
          assert.deepEqual([right.stdout, right.stderr], ['1|secret\n', ''], sslmode)
        }
        const failure = /password authentication failed for user "(user|other)"/
        const wrong = await psql(service.port, 'sslmode=require', ['-c', 'select'], '', 'wrong')
        assert.match(wrong.stderr, failure)
        const other = await psql(service.port, 'sslmode=require user=other', ['-c', 'select'])
        assert.match(other.stderr, failure)
        assert.equal(wrong.stderr, other.stderr.replace('"other"', '"user"'))
        assert.deepEqual(service.faults, ['PG_AUTH_FAILED', 'PG_AUTH_FAILED'])
      } finally {
        await service.close()
      }
    })

  it('is refused without TLS where that must be', async () => {
    const service = await Service.open({ tls: { cert, key }, tlsRequired: true })
    try {
      const refused = await psql(service.port, 'sslmode=disable', ['-c', 'select'])
      assert.match(refused.stderr, /The client begins without TLS/)
      const right = await psql(service.port, 'sslmode=prefer', ['-c', 'copy t from stdin'], 'a\n')
      assert.equal(right.stdout, 'COPY 1\n')
    } finally {
      await service.close()
    }
  })
})

describe('pg and our server', { timeout: 60_000 }, () => {
  it('prepares, runs and fails', async () => {
    const service = await Service.open({ auth: () => ({ method: 'scram-sha-256', password: 'pencil' }) })
    const client = new pg.Client({ host: '127.0.0.1', port: service.port, user: 'user', password: 'pencil' })
    try {
      service.rows.push('a', 'b')
      await client.connect()
      const named = { name: 'named', text: 'select * from t where text = $1' }
      for (const value of ['b', 'a', 'c']) {
        const { rows } = await client.query({ ...named, values: [value] })
        assert.deepEqual(
          rows,
          service.rows.flatMap((row, index) => (row === value ? [{ n: String(index + 1), text: row }] : [])),
        )
      }
      await assert.rejects(client.query('nonsense', []), { code: '42601', hint: 'say select', severity: 'ERROR' })
      assert.equal((await client.query('select')).rowCount, 2)
      await client.end()
      assert.deepEqual(service.faults, [])
    } finally {
      await service.close()
    }
  })
})

describe('the example of a service', { timeout: 60_000 }, () => {
  const child = spawn(process.execPath, [path.join(repoRoot, 'examples/postgres-service.js'), '0'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let port = 0

  before(async () => {
    const [line] = (await once(createInterface({ input: child.stdout }), 'line')) as [string]
    port = Number(/port: (\d+)/.exec(line)?.[1])
    assert.ok(port > 0, `a port in ${line}`)
  })
  after(async () => {
    child.kill()
    await once(child, 'exit')
  })

  it('answers psql with rows, and with an error', async () => {
    const { stdout } = await psql(port, '', ['-c', 'select'])
    assert.match(stdout, /^rss\|\d+\nheapTotal\|\d+\n/)
    const { stderr } = await psql(port, '', ['-c', 'delete from everything'])
    assert.equal(stderr, 'ERROR:  0A000: only a simple select is known here\n')
  })
})
