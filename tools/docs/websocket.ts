/**
 * What the tables of WebSocket do not say by themselves: why each limit is what it is, what answers each fault, and
 * what each usage code means.
 */

import type { WebSocketFault, WebSocketLimits } from '#src/protocols/websocket/index.js'

/** Why each limit has its default: what it stops, and what others have. */
export const webSocketLimitReasons: Readonly<Record<keyof WebSocketLimits, string>> = {
  frameBytesMax: 'As a message: most messages are one frame. A larger one is refused by its head, before any of it.',
  messageBytesMax:
    'A message that a handler gets whole is held whole. The library ws has 100 MiB, which is what one client may make ' +
    'a server hold; whoever expects more takes messages in pieces.',
  fragmentsMax: 'A bound on work, not on memory: frames are put together as they come, and leave nothing behind.',
  fragmentBytesMeanMin:
    'A frame costs its sender 6 octets and us its handling (CVE-2026-48779). Streams of words pass; a message of octets ' +
    'that come one by one does not.',
  inflateRatioMax:
    'DEFLATE reaches 1,032. JSON with many equal objects reaches 50. What is one MiB or less is bounded well enough: a ' +
    'long run of blanks is no attack.',
  inflateBytesPerSliceMax:
    'A bomb within the other limits would still keep the processor from everybody else: this much takes zlib 50 ms.',
  outputBytesMax:
    'A peer that takes nothing must not make us hold what it is sent (broadcasts, above all). One message may be larger: ' +
    'what is sent whole is there already.',
  controlBurst:
    'A Ping costs its sender as little as us, but its Pong waits in our memory. Heartbeats send one at a time.',
  controlsPerSecond: 'Ten times what the most eager measurement of round trips needs.',
  frameMs: 'As for content over HTTP/1.1: the span over which the rate of a frame is measured.',
  frameBytesPerSecondMin: 'As over HTTP/1.1: far below any usable link, above what an attack can afford.',
  pingEveryMs:
    'A browser cannot send Ping: without ours a quiet page would look dead. Twice within `idleMs`, so that one may be lost.',
  idleMs: 'What the application engine has always had. A peer that answers Ping is not idle.',
  closeMs: 'A round trip on the slowest link that is of any use, and what the peer has under way.',
  writeMs: 'A peer that takes nothing for that long is gone, or holds memory on purpose.',
}

/** What goes over the wire for a fault. */
export function webSocketAnswer({ closeCode }: WebSocketFault): string {
  return closeCode === 0 ? '-' : `Close ${closeCode}`
}

/** What each code of a `UsageError` says about the caller. */
export const webSocketUsageCodes: Readonly<Record<string, string>> = {
  CLIENT_URL: 'A client was given what is no URL, or one whose scheme is none of http, https, ws and wss.',
  WS_CLOSE_CODE: 'A code that Close must not carry: 1000 to 1003, 1007 to 1014 and 3000 to 4999 are those that it may.',
  WS_CLOSE_REASON: 'A reason has more than 123 octets.',
  WS_COMPRESSION:
    'permessage-deflate was negotiated without a compression, a level of compression is none, or a context is used that was given back.',
  WS_CONTENT: 'A message is neither text nor octets.',
  WS_CONTROL: 'The payload of a control frame has more than 125 octets.',
  WS_FIELD: 'A client was given a field that the handshake writes itself: Connection, Upgrade, Sec-WebSocket-*.',
  WS_KEY: 'A key of a handshake is not 16 octets in base64.',
  WS_LIMIT: 'A limit does not exist, or its value is not a number from 0 up.',
  WS_LISTENER: 'Messages were asked for one by one where a listener gets them.',
  WS_ORIGIN: 'A WebSocket was to be opened over an HTTP/2 connection that leads to another origin.',
  WS_PROTOCOL: 'Subprotocols are not different tokens, or one was chosen that was not offered.',
  WS_ROOM: 'A message is for a room, or for one of its clients, and the WebSocket of the app has no rooms.',
  WS_SPEC: 'Messages were asked for one by one where the handler is called for each.',
  WS_STATE:
    'The command does not fit what is being sent: a message inside another one, a piece without one, or what follows Close.',
  WS_UTF8: 'A piece of a text is not UTF-8, or the text ends inside a character.',
  WS_WINDOW_BITS: 'A window of permessage-deflate has less than 8 bits, or more than 15.',
}
