/**
 * Tools for testing protocol engines: the chunk-invariance and borrow checks, a seeded link with a virtual clock, and
 * fast-check arbitraries; a client for tests of apps. They work on every engine of this project and on any object that
 * keeps the engine contract; they need no test runner and no runtime beyond ECMAScript.
 */

export { bytesOf, concat, escapeBytes, latin1Of, sameBytes, unescapeBytes } from './bytes.js'
export { Random } from './random.js'
export { formatEvent, mergeData, snapshot } from './snapshot.js'
export type { Snapshot, TypedEvent } from './snapshot.js'
export { ContractError, stepsOf, trace, traceTogether } from './trace.js'
export type { MakeSubject, Scripted, Step, Subject, Trace, TraceOptions } from './trace.js'
export {
  checkBorrow,
  checkChunkInvariance,
  checkEveryCut,
  checkIndependence,
  compareTraces,
  cutAt,
  cutEvery,
  cutScript,
  scriptBytes,
} from './invariance.js'
export type { EveryCutOptions } from './invariance.js'
export { Link } from './link.js'
export type { Arrival, LinkOptions } from './link.js'
export { simulate } from './simulate.js'
export type { Controls, Conversation, SideReport, SimulationOptions } from './simulate.js'
export { encodeRequest, encodeResponse, http1Dictionary } from './http1-messages.js'
export type { Http1Content, Http1Exchange, Http1Request, Http1Response } from './http1-messages.js'
export { encodeExchange, http1Arbitraries } from './http1-arbitraries.js'
export type { FastCheckModule, Http1Arbitraries } from './http1-arbitraries.js'
export {
  blockFrames,
  dataFrame,
  encodeFrame,
  encodeFrames,
  encodePlainBlock,
  http2Preface,
  messageFrames,
  requestFields,
  responseFields,
  settingsAckFrame,
  settingsFrame,
} from './http2-frames.js'
export type { Http2Frame, Http2Request, Http2Response } from './http2-frames.js'
export { http2Arbitraries } from './http2-arbitraries.js'
export type { Http2Arbitraries } from './http2-arbitraries.js'
export {
  encodeWebSocketFrame,
  encodeWebSocketFrames,
  maskedOctets,
  webSocketMessageFrames,
} from './websocket-frames.js'
export type { WebSocketFrame, WebSocketMessage } from './websocket-frames.js'
export { webSocketArbitraries } from './websocket-arbitraries.js'
export type { WebSocketArbitraries, WebSocketArbitraryOptions } from './websocket-arbitraries.js'
export { redisArbitraries } from './redis-arbitraries.js'
export type { RedisArbitraries } from './redis-arbitraries.js'
export { TestClient, testClient } from './test-client.js'
export type {
  CallOptions,
  Injectable,
  TestClientOptions,
  TestFields,
  TestRequest,
  TestResponse,
} from './test-client.js'
