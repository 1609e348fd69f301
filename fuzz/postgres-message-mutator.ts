/** Damages messages of PostgreSQL without breaking their lengths: random changes alone hardly get behind a head. */

import { concat, type Random } from 'skitai/testing'
import { mutate } from './mutator.js'

const TYPES = Array.from('RKS12CWdcGHDIEvnNAtsZT3VBPQFXpfH', (letter) => letter.charCodeAt(0))

/**
 * Messages of the corpus anew: left out, doubled, moved, changed inside; sometimes as octets. The first is the mood.
 */
export function mutateMessages(random: Random, corpus: readonly Uint8Array[]): Uint8Array {
  if (random.chance(0.25)) return mutate(random, corpus)
  const seed = random.pick(corpus)
  const mood = random.chance(0.3) ? random.below(256) : (seed[0] ?? 0)
  const messages = messagesOf(seed.subarray(1))
  for (let changes = random.pick([1, 1, 2, 3, 5]); changes > 0; changes--) {
    const at = random.below(messages.length + 1)
    const other = messagesOf(random.pick(corpus).subarray(1))
    switch (random.below(4)) {
      case 0:
        messages.splice(at, 1)
        break
      case 1:
        if (other.length > 0) messages.splice(at, 0, random.pick(other))
        break
      case 2:
        if (messages[at] !== undefined) messages.splice(at, 0, messages[at])
        break
      default:
        if (messages[at] !== undefined) messages[at] = changed(random, messages[at])
    }
  }
  return concat([Uint8Array.of(mood), ...messages])
}

/** Another type, or other content with the right length. */
function changed(random: Random, message: Uint8Array): Uint8Array {
  if (message.length < 5) return message
  if (random.chance(0.2)) return concat([Uint8Array.of(random.pick(TYPES)), message.subarray(1)])
  const content = mutate(random, [message.subarray(5)]).slice(0, 500)
  const head = Uint8Array.from(message.subarray(0, 5))
  new DataView(head.buffer).setUint32(1, content.length + 4)
  return concat([head, content])
}

/** Cuts octets by their lengths; what has none is one piece. */
function messagesOf(octets: Uint8Array): Uint8Array[] {
  const messages: Uint8Array[] = []
  for (let at = 0; at < octets.length;) {
    const view = new DataView(octets.buffer, octets.byteOffset + at, octets.length - at)
    const length = view.byteLength >= 5 ? view.getInt32(1) : -1
    const end = length >= 4 ? Math.min(octets.length, at + 1 + length) : octets.length
    messages.push(octets.subarray(at, end))
    at = end
  }
  return messages
}
