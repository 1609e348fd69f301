/** Damages inputs that hold WebSocket frames: heads, payloads and order, so that lengths stay right now and then. */

import { concat, encodeWebSocketFrame, maskedOctets, type Random, type WebSocketFrame } from 'skitai/testing'
import { mutate } from './mutator.js'

const INPUT_BYTES_MAX = 4096

/** A member of `corpus` with changed octets, or with changed frames, which is found more. */
export function mutateWebSocketFrames(random: Random, corpus: readonly Uint8Array[]): Uint8Array {
  if (random.chance(0.2)) return mutate(random, corpus).slice(0, INPUT_BYTES_MAX)
  const input = random.pick(corpus)
  const frames = framesOf(input)
  if (random.chance(0.4)) frames.push(...framesOf(random.pick(corpus)))
  for (let changes = random.pick([1, 1, 2, 3, 5]); changes > 0; changes--) change(random, frames, corpus)
  const options = Uint8Array.of(random.chance(0.7) ? (input[0] ?? 0) : random.below(256))
  return concat([options, ...frames.map(encodeWebSocketFrame)]).slice(0, INPUT_BYTES_MAX)
}

/** The frames behind the first octet; what is left over is the last of them, and shorter than it claims. */
function framesOf(input: Uint8Array): WebSocketFrame[] {
  const frames: WebSocketFrame[] = []
  for (let at = 1; at + 1 < input.length;) {
    const first = input[at]!
    const second = input[at + 1]!
    const short = second & 0x7f
    const lengthBytes = short < 126 ? 0 : short === 126 ? 2 : 8
    let length = short
    if (lengthBytes > 0) length = 0
    for (let i = 0; i < lengthBytes; i++) length = length * 256 + (input[at + 2 + i] ?? 0)
    let start = at + 2 + lengthBytes
    let key: number | undefined
    if (second >= 0x80) {
      key = 0
      for (let i = 0; i < 4; i++) key = ((key << 8) | (input[start + i] ?? 0)) >>> 0
      start += 4
    }
    const end = Math.min(input.length, start + length)
    const masked = input.slice(start, end)
    frames.push({
      opcode: first & 0xf,
      fin: first >= 0x80,
      rsv: (first >> 4) & 7,
      payload: key === undefined ? masked : maskedOctets(masked, key),
      key,
      length: masked.length === length ? undefined : length,
      lengthBytes,
    })
    at = Math.max(end, start)
  }
  return frames
}

function change(random: Random, frames: WebSocketFrame[], corpus: readonly Uint8Array[]): void {
  const index = random.below(frames.length + 1)
  const frame = frames[index]
  if (frame === undefined) {
    frames.push(...framesOf(random.pick(corpus)).slice(0, 2))
    return
  }
  switch (random.below(9)) {
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
      frames[index] = { ...frame, opcode: random.pick([0, 1, 2, 8, 9, 10, random.below(16)]) }
      return
    case 4:
      frames[index] = { ...frame, fin: !(frame.fin ?? true) }
      return
    case 5:
      frames[index] = { ...frame, rsv: random.pick([0, 4, random.below(8)]) }
      return
    case 6:
      frames.splice(index, 1, ...halves(frame, random.below(frame.payload.length + 1)))
      return
    default: {
      const payload = mutate(random, [frame.payload, random.pick(corpus).subarray(1)])
      frames[index] = { ...frame, payload, length: undefined, lengthBytes: undefined }
    }
  }
}

/** A frame cut in two, as a fragmented message has them. */
function halves(frame: WebSocketFrame, at: number): WebSocketFrame[] {
  const { payload } = frame
  const plain = { length: undefined, lengthBytes: undefined }
  return [
    { ...frame, ...plain, fin: false, payload: payload.subarray(0, at) },
    { ...frame, ...plain, opcode: 0, rsv: 0, payload: payload.subarray(at) },
  ]
}
