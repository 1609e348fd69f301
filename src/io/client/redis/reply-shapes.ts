/** The shapes of what methods give. */

import type { Multi, Pipeline } from './pipeline.js'
import type { RedisError } from './redis-error.js'

/** An entry of a stream. */
export interface StreamEntry<Text> {
  readonly id: string
  readonly fields: Record<string, Text>
}

/** Entries of one stream. */
export interface StreamEntries<Text> {
  readonly stream: string
  readonly entries: StreamEntry<Text>[]
}

/** A place with what was asked for beside its name: its distance, its hash, where it is. */
export type GeoMatch<Text> = [member: Text, ...(number | bigint | [longitude: number, latitude: number])[]]

/** Methods give promises. */
export interface Direct {
  readonly kind: 'direct'
}

/** Methods put the command into a list, whose results are `Results` so far. */
export interface Listed<List extends 'pipeline' | 'multi', Results extends readonly unknown[]> {
  readonly kind: List
  readonly results: Results
}

/** The list behind a further command. */
export interface Lists<Text, Int, Results extends readonly unknown[]> {
  readonly pipeline: Pipeline<Results, Text, Int>
  readonly multi: Multi<Results, Text, Int>
}

/** What a method gives whose command results in `Result`. */
export type Reply<Context, Result, Text, Int> =
  Context extends Listed<infer List, infer Results>
    ? Lists<Text, Int, [...Results, Result | RedisError]>[List]
    : Promise<Result>
