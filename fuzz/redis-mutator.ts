/**
 * Damages RESP by its lines, so that lengths mostly stay right: random changes alone hardly get behind the first one.
 */

import { bytesOf, concat, latin1Of, type Random } from 'skitai/testing'
import { mutate } from './mutator.js'

/** Separated by a blank, for none of them has one; the last is empty. */
const LINES = [
  '+OK -ERR x :1 :-5 $-1 *-1 _ #t ,1.5 ,inf (12 . ;0 $? *? %? ~?',
  '*0 *1 *2 *3 %1 ~1 |1 >1 >2 >3 $3 ;3 =5 !3 abc txt:a PING',
  'message subscribe unsubscribe sunsubscribe invalidate pmessage *129 $999999 :01 ',
].flatMap((line) => line.split(' '))

/** A member of the corpus with lines left out, doubled, moved or put in; now and then octets are changed instead. */
export function mutateReplies(random: Random, corpus: readonly Uint8Array[]): Uint8Array {
  if (random.chance(0.3)) return mutate(random, corpus)
  const seed = random.pick(corpus)
  const moods = Array.from(seed.subarray(0, 2), (mood) => (random.chance(0.2) ? random.below(256) : mood))
  const lines = linesOf(seed.subarray(2))
  for (let changes = random.pick([1, 1, 2, 3, 5]); changes > 0; changes--) {
    const at = random.below(lines.length + 1)
    switch (random.below(5)) {
      case 0:
        lines.splice(at, 1)
        break
      case 1:
        lines.splice(at, 0, random.pick(LINES))
        break
      case 2:
        lines.splice(at, 1, random.pick(LINES))
        break
      case 3:
        lines.splice(at, 0, ...linesOf(random.pick(corpus).subarray(2)).slice(0, random.between(1, 4)))
        break
      default:
        lines.splice(at, 0, ...lines.slice(at, at + random.between(1, 3)))
    }
  }
  return concat([Uint8Array.from(moods), bytesOf(lines.join('\r\n'))])
}

function linesOf(octets: Uint8Array): string[] {
  return latin1Of(octets).split('\r\n')
}
