/** Messages that are sent in pieces: what their source may be, and the octets that it gives. */

/** What gives the pieces of one message. Strings are sent as UTF-8. */
export type MessagePieces =
  AsyncIterable<Uint8Array | string> | Iterable<Uint8Array | string> | ReadableStream<Uint8Array | string>

/** A piece as it is sent, and what kind of message it would begin. */
export interface PieceOctets {
  readonly bytes: Uint8Array
  readonly kind: 'text' | 'binary'
}

/** The octets of the pieces. A character that is cut between two strings stays one. */
export async function* octetsOf(source: MessagePieces): AsyncGenerator<PieceOctets> {
  let carry = ''
  for await (const piece of source as AsyncIterable<Uint8Array | string>) {
    if (typeof piece !== 'string') {
      if (carry !== '') yield textOctets(carry)
      carry = ''
      yield { bytes: piece, kind: 'binary' }
      continue
    }
    const text = carry + piece
    const cut = endsInside(text) ? text.length - 1 : text.length
    carry = text.slice(cut)
    yield textOctets(text.slice(0, cut))
  }
  if (carry !== '') yield textOctets(carry)
}

function textOctets(text: string): PieceOctets {
  return { bytes: Buffer.from(text), kind: 'text' }
}

/** Whether a text ends with the first half of a character. */
function endsInside(text: string): boolean {
  const last = text.charCodeAt(text.length - 1)
  return last >= 0xd800 && last <= 0xdbff
}
