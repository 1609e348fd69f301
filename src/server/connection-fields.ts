/**
 * Fields of a response that are about one connection (RFC 9110 section 7.6.1). The engines write what the protocol
 * needs of them; an app that sets one means something that only one version has, so that it is left out: nothing an app
 * does depends on the version that carries it.
 */

import { equalsIgnoreCase } from '../protocols/core/ascii.js'

/** The list without the fields that `isLeftOut` names; the list itself when there is none. */
export function withoutFields(list: readonly string[], isLeftOut: (name: string) => boolean): readonly string[] {
  for (let i = 0; i < list.length; i += 2) {
    if (!isLeftOut(list[i]!)) continue
    const kept: string[] = []
    for (let k = 0; k < list.length; k += 2) if (!isLeftOut(list[k]!)) kept.push(list[k]!, list[k + 1]!)
    return kept
  }
  return list
}

/** Whether a field, in any case, says how long a connection lives. */
export function isPersistenceField(name: string): boolean {
  switch (name.length) {
    case 10:
      return isNamed(name, 'connection') || isNamed(name, 'keep-alive')
    case 16:
      return isNamed(name, 'proxy-connection')
    default:
      return false
  }
}

/** Whether a field, in any case, is about a connection: HTTP/2 has none of these (RFC 9113 section 8.2.2). */
export function isConnectionField(name: string): boolean {
  switch (name.length) {
    case 2:
      return isNamed(name, 'te')
    case 7:
      return isNamed(name, 'upgrade')
    default:
      return isPersistenceField(name)
  }
}

function isNamed(name: string, known: string): boolean {
  return equalsIgnoreCase(name, 0, name.length, known)
}
