/**
 * What the tables of HTTP/1.1 do not say by themselves: why each limit is what it is, and what each usage code means.
 */

import type { Http1Limits } from '#src/protocols/http1/index.js'

/** Why each limit has its default: what it stops, and what others have. */
export const http1LimitReasons: Readonly<Record<keyof Http1Limits, string>> = {
  emptyLinesMax:
    'Some old clients send a CRLF behind a body. A few are harmless; an endless row of them would keep a ' +
    'connection out of every deadline of a head.',
  methodBytesMax: 'Twice the longest registered method, so that a method cannot be used to fill memory.',
  targetBytesMax: 'What the standard recommends at least, and what most servers and proxies in front accept.',
  reasonBytesMax: 'Nobody reads reason phrases; a server must not fill the memory of a client with one.',
  fieldCountMax:
    'Browsers send 15 to 25. Each line costs more memory than its octets, so their number is bounded ' +
    'apart (hash flooding, near-empty fields). Apache has 100, Node 2,000.',
  fieldBytesMax: 'Room for large cookies and tokens. Node has 16 KiB, nginx 32 KiB, Apache 8 KiB a line.',
  trailerBytesMax: 'Trailers carry checksums and signatures, no cookies.',
  bodyBytesMax:
    'Content that is streamed costs no memory, so this is a bound on patience and disk; what an ' +
    'application reads whole has a lower limit of its own.',
  chunkExtensionBytesMax:
    'No extension is in use; they were used to smuggle requests and to burn processor time. They are ' +
    'checked, counted and dropped.',
  chunkExtensionsBytesMax:
    'One-octet chunks with an extension each would multiply the traffic behind a proxy that counts content.',
  drainBytesMax:
    'Taking a small rest is cheaper than a new connection; for a larger one the connection is closed, or ' +
    'a client could make the server read what nobody wants.',
  heldBytesMax: 'One read of a socket. Pipelined requests wait here while one is being answered.',
  outputBytesMax: 'A peer that pipelines requests and reads no answer must not make the server hold them all.',
  informCountMax: 'A server could send interim responses for ever and never answer.',
  firstByteMs:
    'A connection without a byte costs a descriptor and shows no intent. A preconnecting browser reconnects at will.',
  headMs: 'A head fits into a few packets. Heads sent octet by octet are an attack on the number of connections.',
  responseMs: 'Long enough for slow back ends; nginx waits 60 s for one as well.',
  bodyMs: 'The span over which the rate of a body is measured: long enough for a mobile link to recover.',
  bodyBytesPerSecondMin:
    'Far below any usable link, and above what an attack on the number of connections can afford. Kestrel' +
    ' has 240 as well.',
  idleMs: 'Between Node (5 s) and nginx (75 s): long enough for the next click, short enough to free descriptors.',
  writeMs: 'A peer that takes nothing for that long is gone, or holds memory on purpose.',
  halfClosedMs:
    'A client that has half-closed still reads, as a rule; one that is gone looks the same. Past this ' +
    'span it is taken for gone.',
}

/** What each code of a `UsageError` of the engines says about the caller. */
export const http1UsageCodes: Readonly<Record<string, string>> = {
  H1_CONTENT: 'Content is given where the status or the method allows none, or it is neither text nor octets.',
  H1_DATE: 'The injected clock gave something that cannot stand in a Date field.',
  H1_FIELDS: 'Fields are not a flat list of names and values.',
  H1_FIELD_MANAGED: 'A field that the engine itself writes was handed in.',
  H1_FIELD_NAME: 'A field name is not a token.',
  H1_FIELD_VALUE: 'A field value holds a control character, or a character above U+00FF.',
  H1_HOST: 'Host is missing, stands twice, or is not a host with an optional port.',
  H1_LENGTH: 'The length is not one, or the content is longer or shorter than announced.',
  H1_LIMIT: 'A limit does not exist, or is not a number from 0 up.',
  H1_METHOD: 'The method is not a token.',
  H1_REASON: 'The reason phrase holds a control character, or a character above U+00FF.',
  H1_STATE: 'The command does not fit the state of the exchange.',
  H1_STATUS: 'The status code is not one that this command may send.',
  H1_SWITCH: 'The protocol is switched without an offer of the peer, or too early.',
  H1_TARGET: 'The request target is not one, or does not fit the method.',
  H1_TRAILER: 'A field that may not stand in a trailer section.',
}
