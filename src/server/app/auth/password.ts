/** Passwords: hashed with scrypt (RFC 7914), so that who reads the users cannot sign in as them. */

import { createHash, createHmac, randomBytes, scrypt, timingSafeEqual } from 'node:crypto'
import { LRUCache } from 'lru-cache'
import { HttpError } from '../../http-error.js'

/** How much work a password costs: 16 MiB of memory, five times (OWASP's equal of 128 MiB once). */
const LN = 14
const R = 8
const P = 5
const SALT_BYTES = 16
const HASH_BYTES = 32
/** A stored hash must not make us work for minutes. */
const MEMORY_MAX = 512 * 1024 * 1024
const WORK_MAX = 2 ** 22

const HASHED = /^\$scrypt\$ln=(\d{1,2}),r=(\d{1,2}),p=(\d{1,2})\$([A-Za-z0-9+/]{8,128})\$([A-Za-z0-9+/]{16,128})$/

/**
 * Hashes a password for storing: `$scrypt$ln=14,r=8,p=5$salt$hash`. It takes about a tenth of a second, off the loop,
 * and waits for its turn. Rejects with `HttpError` 503 when too many wait.
 */
export async function hashPassword(password: string): Promise<string> {
  const salt = randomBytes(SALT_BYTES)
  const hash = await inTurn(HASHES_WAITING_MAX, () => derive(password, salt, HASH_BYTES, LN, R, P))
  return `$scrypt$ln=${LN},r=${R},p=${P}$${unpadded(salt)}$${unpadded(hash)}`
}

/** Whether a text is what `hashPassword` gives, or has the same form. */
export function isHashed(stored: string): boolean {
  return stored.startsWith('$scrypt$')
}

/** What no password has: its hash is drawn. Made anew with each process, so that nobody can look for one. */
const NOBODY = `$scrypt$ln=${LN},r=${R},p=${P}$${unpadded(randomBytes(SALT_BYTES))}$${unpadded(randomBytes(HASH_BYTES))}`

/**
 * Whether a password is the one that was stored: its hash, or the password itself, which is for trying things out only.
 * Without a stored one it takes as long as with a hash and is false: the time does not tell who is known. Hashes are
 * worked out two at a time in a process, whoever asks, and 64 may wait: who guesses must not take all of the machine.
 * Rejects with `HttpError` 503 when too many wait, with `TypeError` for a hash that is malformed or costs too much.
 */
export async function verifyPassword(password: string, stored: string | undefined): Promise<boolean> {
  if (stored === undefined) {
    await verifyPassword(password, NOBODY)
    return false
  }
  if (!isHashed(stored)) return timingSafeEqual(digest(password), digest(stored))
  const [, ln, r, p, salt, hash] = HASHED.exec(stored) ?? []
  if (salt === undefined || hash === undefined) throw new TypeError('a stored password is malformed')
  const cost = [Number(ln), Number(r), Number(p)] as const
  if (cost[0] < 1 || 2 ** cost[0] * cost[1] * cost[2] > WORK_MAX)
    throw new TypeError('a stored password costs too much')
  const expected = Buffer.from(hash, 'base64')
  const salted = Buffer.from(salt, 'base64')
  return timingSafeEqual(
    await inTurn(CHECKS_WAITING_MAX, () => derive(password, salted, expected.length, ...cost)),
    expected,
  )
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}

function unpadded(octets: Buffer): string {
  return octets.toString('base64').replace(/=+$/, '')
}

const RUNNING_MAX = 2
const CHECKS_WAITING_MAX = 64
/** Who fills a table of users hashes many at once, and is nobody from outside. */
const HASHES_WAITING_MAX = 1024
const waiting: (() => void)[] = []
let running = 0

/** Waits for its turn, unless so many wait: each takes memory, a thread, and a tenth of a second. */
async function inTurn(waitingMax: number, work: () => Promise<Buffer>): Promise<Buffer> {
  if (running >= RUNNING_MAX) {
    if (waiting.length >= waitingMax)
      throw new HttpError(503, 'Too many are signing in: try again in a few seconds', ['retry-after', '5'])
    // Who ends hands its place on: nobody can come in between.
    await new Promise<void>((resolve) => waiting.push(resolve))
  } else {
    running++
  }
  try {
    return await work()
  } finally {
    const next = waiting.shift()
    if (next === undefined) running--
    else next()
  }
}

function derive(password: string, salt: Buffer, size: number, ln: number, r: number, p: number): Promise<Buffer> {
  return new Promise((resolve, reject) =>
    scrypt(password.normalize('NFC'), salt, size, { N: 2 ** ln, r, p, maxmem: MEMORY_MAX }, (error, key) =>
      error === null ? resolve(key) : reject(error),
    ),
  )
}

const CHECKED_MAX = 1000
const CHECKED_MS = 5 * 60 * 1000

/**
 * Checks passwords of requests. What was right is remembered for five minutes, by a keyed digest, as Basic sends it
 * with every request.
 */
export class PasswordChecker {
  readonly #secret: Buffer = randomBytes(32)
  readonly #right: LRUCache<string, true> = new LRUCache({ max: CHECKED_MAX, ttl: CHECKED_MS })

  /**
   * Whether the password is the stored one. Without a stored one it takes as long and is false: the time does not tell
   * who is known. Rejects with `HttpError` 503 when too many wait.
   */
  async check(name: string, password: string, stored: string | undefined): Promise<boolean> {
    if (stored !== undefined && !isHashed(stored)) return verifyPassword(password, stored)
    const key = createHmac('sha256', this.#secret)
      .update(JSON.stringify([name, password, stored ?? null]))
      .digest('base64')
    if (this.#right.has(key)) return true
    const right = await verifyPassword(password, stored)
    if (right) this.#right.set(key, true)
    return right
  }
}
