/**
 * What a client keeps for us, sealed or signed: nothing opens but what was made here. The corpus was made with the key
 * below, for the context below; its texts begin with a word that no damage makes.
 */

import { latin1Of } from 'skitai/testing'
import { KeyRing } from '#src/server/app/state/key-ring.js'
import { readSession } from '#src/server/app/state/session-data.js'

const CONTEXT = 'session /'
const WORD = 'made here: '
const ring = new KeyRing(['another secret of the fuzzer', 'the secret of the fuzzer'])

/** A text for the corpus, of one form or the other. */
export function seedOf(form: 'sealed' | 'signed', text: string): string {
  const old = new KeyRing('the secret of the fuzzer')
  return form === 'sealed'
    ? old.sealer('session').seal(WORD + text, CONTEXT, 0)
    : old.signer('session').sign(WORD + text, CONTEXT, 0)
}

/** A token. */
export function fuzz(data: Uint8Array): void {
  const token = latin1Of(data)
  const sealer = ring.sealer('session')
  const signer = ring.signer('session')
  for (const opened of [sealer.open(token, CONTEXT, 0), signer.verify(token, CONTEXT, 0)]) {
    if (opened === undefined) continue
    ensure(opened.text.startsWith(WORD), `somebody else has made ${JSON.stringify(opened.text)}`)
    ensure(Buffer.from(token, 'base64url').toString('base64url') === token, 'two spellings of one token')
  }
  for (const context of ['', 'mbox /', `${CONTEXT}x`])
    ensure(sealer.open(token, context, 0) === undefined && signer.verify(token, context, 0) === undefined, 'elsewhere')
  const session = readSession(token, 0)
  ensure(session === undefined || (session.values instanceof Map && typeof session.address === 'string'), 'no session')
}

function ensure(condition: boolean, what: string): asserts condition {
  if (!condition) throw new Error(what)
}
