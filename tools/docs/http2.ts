/**
 * What the tables of HTTP/2 do not say by themselves: why each limit is what it is, what answers each fault, and what
 * each usage code means.
 */

import { errorCodeName, type Http2Fault, type Http2Limits } from '#src/protocols/http2/index.js'

/** Why each limit has its default: what it stops, and what others have. */
export const http2LimitReasons: Readonly<Record<keyof Http2Limits, string>> = {
  streamsMax:
    'The standard asks for 100 at least; nginx has 128 as well. More streams let one client have more work done at ' +
    'once than its share.',
  frameBytesMax: 'The least that is allowed. Larger frames hold up the other streams and win nothing measurable.',
  decoderTableBytesMax: 'What the standard begins with; a larger table costs each connection its memory.',
  encoderTableBytesMax: 'The same for what we send: a peer must not make us keep more.',
  streamWindowBytes:
    'At a round trip of 50 ms one upload reaches 160 Mbit/s. A handler that does not read holds no more than this.',
  connectionWindowBytes: 'What all uploads of one connection may hold together, however many streams there are.',
  fieldCountMax:
    'Browsers send 15 to 25. Over HTTP/2 a field may cost a single octet, so octets bound nothing; Apache has 100, ' +
    'nginx 1,000 (CVE-2026-49975).',
  crumbCountMax:
    'Browsers cut Cookie into crumbs, one a cookie, of which they keep 180 at most. They count apart, so that an ' +
    'honest client with many cookies passes.',
  fieldBytesMax: 'As over HTTP/1.1. Names and values count as they are decoded: compression must not multiply them.',
  continuationsMax:
    'Four frames hold the largest header that is allowed; empty ones would cost time and never pass a limit of octets ' +
    '(CVE-2024-27316).',
  targetBytesMax: 'What the standard of HTTP/1.1 recommends at least, and what most servers and proxies accept.',
  bodyBytesMax: 'As over HTTP/1.1: a bound on patience and disk; what is read whole has a lower limit of its own.',
  drainMs:
    'Clients in wide use take a reset while they send for a failure of the whole exchange, and lose the response. In this ' +
    'time they find out by themselves; all that they can send meanwhile is what is left of the window.',
  outputBytesMax:
    'A peer that asks and takes no answer must not make the server hold them all (CVE-2019-9517). Room for the ' +
    'answers of one read. Content alone queues up to 80 KiB: with less than that, two peers can wait for each other.',
  informCountMax: 'A server could send interim responses for ever and never answer.',
  pushesMax: 'One page has few resources that are worth a push; each promise is work that nobody has asked for.',
  resetBurst:
    'Opening streams and taking them back costs the peer nothing (CVE-2023-44487). A browser that leaves a page ' +
    'cancels some hundred requests at once. nghttp2 has 1,000 as well.',
  resetsPerSecond: 'nghttp2 has 33 as well.',
  faultBurst:
    'A peer that makes us reset streams gets the same for its money (CVE-2025-8671), so the bounds are the same.',
  faultsPerSecond: 'As for resets by the peer.',
  controlBurst:
    'Frames that carry nothing cost us more than the peer (CVE-2019-9511 to 9518). Requests and content earn more of ' +
    'them, so that only those are counted that come with nothing else.',
  controlsPerSecond: 'Ten times what keep-alive and round-trip measurement need at their most eager.',
  closedStreamsMax: 'Twice the streams that can be open: a frame that is still under way belongs to one of these.',
  prefaceMs: 'A few packets. A connection without a word costs a descriptor and shows no intent.',
  settingsMs: 'One round trip, on the slowest link that is of any use.',
  frameMs:
    'A frame or a header fits into a few packets. Sent octet by octet they are an attack on the number of connections.',
  responseMs: 'Long enough for slow back ends; nginx waits 60 s for one as well.',
  bodyMs: 'The span over which the rate of content is measured: long enough for a mobile link to recover.',
  bodyBytesPerSecondMin: 'As over HTTP/1.1: far below any usable link, above what an attack can afford.',
  stalledMs:
    'A client that holds its windows shut makes the server hold the response. Increments of an octet do not prolong ' +
    'the span (CVE-2026-49975).',
  idleMs: 'Browsers keep a connection for minutes; one without a stream holds a descriptor and little else.',
  pingEveryMs: 'Off: a server need not wake the radios of its clients. For clients behind address translation.',
  pingMs: 'As for the acknowledgement of SETTINGS: one round trip.',
  writeMs: 'A peer that takes nothing for that long is gone, or holds memory on purpose.',
  halfClosedMs:
    'A client that has half-closed still reads, as a rule; one that is gone looks the same. Past this span it is ' +
    'taken for gone.',
}

/** What goes over the wire for a fault. */
export function http2Answer({ scope, errorCode, status }: Http2Fault): string {
  const frame = `${scope === 'connection' ? 'GOAWAY' : 'RST_STREAM'} ${errorCodeName(errorCode)!}`
  return status === 0 ? frame : `${status}, ${frame}`
}

/** What each code of a `UsageError` of the engines says about the caller. */
export const http2UsageCodes: Readonly<Record<string, string>> = {
  H2_AUTHORITY: 'The authority is not a host with an optional port; for CONNECT, not a host and port.',
  H2_CONTENT: 'Content is given where the status or the method allows none, or it is neither text nor octets.',
  H2_DATE: 'The injected clock gave something that cannot stand in a Date field.',
  H2_ERROR_CODE: 'The error code is not a number of 32 bits.',
  H2_FIELDS: 'Fields are not a flat list of names and values.',
  H2_FIELD_CONNECTION: 'A field that is about a connection, which HTTP/2 does not have, was handed in.',
  H2_FIELD_MANAGED: 'A field that the engine itself writes was handed in.',
  H2_FIELD_NAME: 'A field name is not a token.',
  H2_FIELD_VALUE: 'A field value holds a control character, or a character above U+00FF.',
  H2_LENGTH: 'The length is not one, or the content is longer or shorter than announced.',
  H2_LIMIT: 'A limit does not exist, or is not a number in its range.',
  H2_METHOD: 'The method is not a token, or cannot be promised.',
  H2_PAD: 'The multiple that payloads are padded to is not 0, and not from 2 to 256.',
  H2_PRIORITY: 'The urgency is not a whole number from 0 to 7.',
  H2_PROTOCOL: 'A protocol is given without CONNECT, is not a token, or the peer does not understand it.',
  H2_SCHEME: 'The scheme is not one in lower case.',
  H2_SETTINGS: 'What came with an Upgrade is not a payload of SETTINGS.',
  H2_STATE: 'The command does not fit the state of the stream or the connection.',
  H2_STATUS: 'The status code is not one that this command may send.',
  H2_STREAM: 'There is no such stream.',
  H2_STREAMS_MAX: 'No further stream can be opened: see `canRequest`.',
  H2_TARGET: 'The request target is not one, or does not fit the method.',
  H2_TRAILER: 'A field that may not stand in a trailer section, or trailers of a tunnel.',
}
