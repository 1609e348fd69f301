/** Runs one target over damaged members of its corpus. */

import { readdirSync, readFileSync } from 'node:fs'
import { Random } from 'skitai/testing'
import { mutateFrames } from './frame-mutator.js'
import { mutate } from './mutator.js'
import { mutateMessages } from './postgres-message-mutator.js'
import { mutateReplies } from './redis-mutator.js'
import { mutateWebSocketFrames } from './websocket-frame-mutator.js'

/** A fuzz target: throws for a finding, or rejects, whatever the octets are. */
export type Target = (data: Uint8Array) => void | Promise<void>

/** All targets; `canary` must fail. */
export const targetNames = [
  'http1-request',
  'http1-response',
  'http1-operations',
  'http2-server',
  'http2-client',
  'http2-operations',
  'hpack-decode',
  'hpack-huffman',
  'websocket-server',
  'websocket-client',
  'websocket-deflate',
  'websocket-operations',
  'postgres-client',
  'postgres-server',
  'postgres-scram',
  'postgres-types',
  'postgres-operations',
  'redis-reply',
  'redis-command',
  'redis-operations',
  'cookie',
  'session-token',
  'authorization',
  'content-type',
  'forwarded',
  'query',
  'path',
  'multipart',
  'args',
  'canary',
] as const
export type TargetName = (typeof targetNames)[number]

/** An input that made a target throw, as small as it could be made. */
export interface Finding {
  readonly input: Uint8Array
  readonly error: Error
}

/** How a session went. */
export interface SessionReport {
  readonly runs: number
  readonly finding: Finding | undefined
}

/** Makes an input of members of a corpus. */
export type Mutate = (random: Random, corpus: readonly Uint8Array[]) => Uint8Array

/** What a session may use. */
export interface SessionOptions {
  /** Default: one that knows no protocol. */
  readonly mutate?: Mutate
  readonly seed: number
  readonly seconds: number
  /** Sees each input before it is run. */
  readonly onInput?: (input: Uint8Array) => void
}

/** The corpus of a target: one file an input. */
export function readCorpus(name: TargetName): Uint8Array[] {
  const folder = new URL(`../../fuzz/corpus/${name === 'canary' ? 'http1-request' : name}/`, import.meta.url)
  return readdirSync(folder)
    .sort()
    .map((file) => new Uint8Array(readFileSync(new URL(file, folder))))
}

/** Loads a target. */
export async function loadTarget(name: TargetName): Promise<Target> {
  const module = (await import(`./${name}.js`)) as { fuzz: Target }
  return module.fuzz
}

/** How inputs of a target are made. */
export function mutatorOf(name: TargetName): Mutate {
  if (name === 'postgres-client' || name === 'postgres-server') return mutateMessages
  if (name === 'redis-reply' || name === 'redis-command') return mutateReplies
  if (name === 'websocket-server' || name === 'websocket-client') return mutateWebSocketFrames
  return name === 'http2-server' || name === 'http2-client' ? mutateFrames : mutate
}

/** Runs the corpus as it is, then damaged members of it until the time is up or something is found. */
export async function runSession(
  target: Target,
  corpus: readonly Uint8Array[],
  options: SessionOptions,
): Promise<SessionReport> {
  const random = new Random(options.seed)
  const until = performance.now() + options.seconds * 1000
  const make = options.mutate ?? mutate
  let runs = 0
  const attempt = (input: Uint8Array): Outcome | Promise<Outcome> => {
    runs++
    options.onInput?.(input)
    return errorOf(target, input)
  }
  for (const input of corpus) {
    const error = await attempt(input)
    if (error !== undefined) return { runs, finding: { input, error } }
  }
  while (performance.now() < until) {
    const input = make(random, corpus)
    const outcome = attempt(input)
    const error = outcome instanceof Promise ? await outcome : outcome
    if (error !== undefined) return { runs, finding: await minimise(target, { input, error }) }
  }
  return { runs, finding: undefined }
}

type Outcome = Error | undefined

/** Most targets are done at once: they need no promise. */
function errorOf(target: Target, input: Uint8Array): Outcome | Promise<Outcome> {
  try {
    return target(input.slice())?.then(() => undefined, asError)
  } catch (error) {
    return asError(error)
  }
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error))
}

const MINIMISE_MS = 5000

/** Takes parts away, large ones first, as long as the target still throws. */
export async function minimise(target: Target, finding: Finding): Promise<Finding> {
  const until = performance.now() + MINIMISE_MS
  let { input, error } = finding
  for (let size = input.length >> 1; size >= 1; size >>= 1)
    for (let at = 0; at < input.length && performance.now() < until;) {
      const smaller = new Uint8Array([...input.subarray(0, at), ...input.subarray(at + size)])
      const stillThere = await errorOf(target, smaller)
      if (stillThere === undefined) at += size
      else {
        input = smaller
        error = stillThere
      }
    }
  return { input, error }
}
