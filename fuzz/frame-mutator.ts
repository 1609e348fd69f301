/**
 * Damages inputs that hold HTTP/2 frames: their payloads, headers and order, so that lengths stay right now and then.
 */

import { concat, type Random } from 'skitai/testing'
import { mutate } from './mutator.js'

const HEADER_BYTES = 9
const INPUT_BYTES_MAX = 4096

/** Octets of an input in front of its first frame. */
const OPTION_BYTES = 2

/** A member of `corpus` with changed octets, or with changed frames, which is found more. */
export function mutateFrames(random: Random, corpus: readonly Uint8Array[]): Uint8Array {
  if (random.chance(0.2)) return mutate(random, corpus).slice(0, INPUT_BYTES_MAX)
  const input = random.pick(corpus)
  const frames = framesOf(input)
  if (random.chance(0.4)) frames.push(...framesOf(random.pick(corpus)))
  for (let changes = random.pick([1, 1, 2, 3, 5]); changes > 0; changes--) change(random, frames, corpus)
  const options = Uint8Array.of(random.chance(0.7) ? input[0]! : random.below(256), input[1] ?? 0)
  return concat([options, ...frames]).slice(0, INPUT_BYTES_MAX)
}

/** The frames of an input, headers included; what is left over is the last of them. */
function framesOf(input: Uint8Array): Uint8Array[] {
  const frames: Uint8Array[] = []
  for (let at = OPTION_BYTES; at < input.length;) {
    const length = (input[at]! << 16) | ((input[at + 1] ?? 0) << 8) | (input[at + 2] ?? 0)
    const end = Math.min(input.length, at + HEADER_BYTES + length)
    frames.push(input.slice(at, end))
    at = end
  }
  return frames
}

function change(random: Random, frames: Uint8Array[], corpus: readonly Uint8Array[]): void {
  const index = random.below(frames.length + 1)
  const frame = frames[index]
  if (frame === undefined || frame.length < HEADER_BYTES) {
    frames.push(...framesOf(random.pick(corpus)).slice(0, 2))
    return
  }
  switch (random.below(8)) {
    case 0:
      frames.splice(index, 1)
      return
    case 1:
      frames.splice(index, 0, ...Array.from({ length: random.pick([1, 1, 2, 12]) }, () => frame))
      return
    case 2:
      frames.push(...frames.splice(index, 1))
      return
    case 3:
      frame[3] = random.pick([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 16, 200])
      return
    case 4:
      frame[4]! ^= random.pick([1, 4, 8, 32, random.below(256)])
      return
    case 5:
      frame[8] = random.pick([0, 1, 1, 2, 3, 3, 5, 7, 9, 11, 255])
      return
    default:
      frames[index] = withPayload(random, frame, corpus)
  }
}

/** The frame with a changed payload, and the length that it has then. */
function withPayload(random: Random, frame: Uint8Array, corpus: readonly Uint8Array[]): Uint8Array {
  const payload = mutate(random, [frame.subarray(HEADER_BYTES), random.pick(corpus).subarray(OPTION_BYTES)])
  const changed = concat([frame.subarray(0, HEADER_BYTES), payload])
  changed[0] = 0
  changed[1] = payload.length >> 8
  changed[2] = payload.length
  return changed
}
