/** skitai: an app engine. Mount apps, directories and functions, run, and close without losing a request. */

export type { CertificateSource, PemSource } from '../io/certificate.js'
export type { ClientCertificate } from '../io/client-certificate.js'
export type { CertificateResolver, TlsOptions } from '../io/tls.js'
export { App, type SubAppOptions } from './app/app.js'
export type { AppContext, AppHost, LogEntry, Shared, SharedContext } from './app/app-host.js'
export { AppStore } from './app/app-store.js'
export type { Preference, SetupContext } from './app/modules/app-module.js'
export type { AppModuleExports, ModuleOptions } from './app/modules/services.js'
export { type ChangeHandler, ifFileModified, ifUpdated } from './app/preworks.js'
export { UpdateTimes } from './app/update-times.js'
export type { AppConfig, AppOptions } from './app/app-options.js'
export { ArgumentError, type ArgumentPlace, type ArgumentProblem } from './app/args/argument-error.js'
export {
  bool,
  file,
  type FileRule,
  float,
  int,
  json,
  list,
  type NumberRule,
  oneOf,
  optional,
  type Param,
  type ParamSpecs,
  type ParamValues,
  str,
  type TextRule,
} from './app/args/param.js'
export type { Args, Declaration, FormFields } from './app/args/reader.js'
export type { Schema } from './app/args/schema.js'
export type {
  AppAuthOptions,
  AuthRule,
  AuthScheme,
  Judge,
  PermissionJudge,
  RouteAuthOptions,
} from './app/auth/auth-options.js'
export { type DigestOptions, digestSecrets, type DigestSecrets } from './app/auth/digest.js'
export type { JwtAlgorithm, JwtClaims, JwtOptions, JwtSettings } from './app/auth/jwt.js'
export { hashPassword, verifyPassword } from './app/auth/password.js'
export type { BearerHandler, BearerVerdict, Credential, User, Users } from './app/auth/users.js'
export type { CorsOptions } from './app/guards/cors.js'
export type { CsrfOptions } from './app/guards/csrf.js'
export type { AppGuardOptions, RouteGuardOptions, SharedGuardOptions } from './app/guards/guard-options.js'
export type { RateLimitOptions } from './app/guards/rate-limit.js'
export type { CspDirectives, SecurityHeadersOptions } from './app/guards/security-headers.js'
export { type BucketStore, MemoryBuckets, RedisBuckets } from './app/guards/token-bucket.js'
export type { CookieJar } from './app/state/cookie-jar.js'
export type { CookieOptions } from './app/state/cookie-text.js'
export type { SecureKey } from './app/state/key-ring.js'
export { MemoryStore, type MemoryStoreOptions } from './app/state/memory-store.js'
export type { BoxMessage, MessageBox, SendMessageOptions } from './app/state/message-box.js'
export { RedisStore, type RedisStoreOptions } from './app/state/redis-store.js'
export type { Session } from './app/state/session.js'
export type { SessionOptions } from './app/state/session-options.js'
export type { SessionStore, StoredSession } from './app/state/session-store.js'
export type { MessageBoxOptions, StateOptions } from './app/state/state-options.js'
export type { ContentType } from './app/content-type.js'
export type { ErrorHandler, ErrorInfo } from './app/error-handlers.js'
export type { AppEvents, Listener } from './app/events.js'
export { Form } from './app/form/form.js'
export { type SaveOptions, UploadedFile } from './app/form/uploaded-file.js'
export type { FailureHook, LifecycleHook, LifecycleMoment, Observer, Reply, Step } from './app/hooks.js'
export type { EventStreamOptions, ServerSentEvent } from './app/event-stream.js'
export type { FaultObject, FaultOptions, FileValue, ProblemDetails } from './app/response-values.js'
export type { Delimiters, TemplateEngine, TemplateFilter, TemplateGlobal } from './app/templates/templates.js'
export type { Declared, Handler, MethodRoute, Route, RouteOptions, RouteParams } from './app/route.js'
export type { PathParams } from './app/path-params.js'
export { type ReadOptions, Request, type UriParts } from './app/request.js'
export type { ResponseMaker } from './app/response.js'
export { type BodyValue, type HandlerValue, type HeaderValues, ResponseValue, type StreamBody } from './app/values.js'
export type { HandlerUrlArgs, HasRoute, RoutesOf, UrlArgs, UrlCall, UrlValue } from './app/urls.js'
export { Was } from './app/was.js'
export { type ConversationHandler, type ConversationOptions, websocket } from './app/websocket/function.js'
export type {
  Conversation,
  Incoming,
  OriginPolicy,
  Outgoing,
  ProtocolChooser,
  RoomReply,
  Sendable,
  SocketDeflate,
  SocketEncoding,
  SocketHandlers,
  SocketOptions,
  SocketSpec,
} from './app/websocket/options.js'
export { type EncodedMessage, LocalRooms, type Room, type RoomMember, type Rooms } from './app/websocket/rooms.js'
export { Socket } from './app/websocket/socket.js'
export type { SocketWas } from './app/websocket/socket-was.js'
export { MessageStream } from '../io/message-stream.js'
export { type CloseInfo, WebSocketClosedError } from '../io/websocket-link.js'
export { PreparedMessage } from '../protocols/websocket/prepared.js'
export { type InjectedBody, type InjectedRequest, InjectedResponse } from './inject/messages.js'
export type { LogSink } from './log/request-log.js'
export { type ForeignContext, was } from './foreign/context.js'
export { type FetchFunction, fetchHandler, type FetchOptions } from './foreign/fetch/fetch-app.js'
export { useLightResponse } from './foreign/fetch/light-response.js'
export type { ForeignApp } from './foreign/foreign-app.js'
export type { MountedRequest, NextFunction, NodeListener, NodeServerLike } from './foreign/node/node-app.js'
export {
  type ConnectApp,
  type FastifyApp,
  type FetchApp,
  type ForeignTarget,
  type KoaApp,
  nodeHandler,
} from './foreign/target.js'
export { HttpError } from './http-error.js'
export type { MountedFunction } from './mounts.js'
export type { CloseOptions, Listening, MountOptions, Running, RunOptions, SkitaiOptions } from './options.js'
export { Skitai } from './skitai.js'
export type { ForwardedField, ProxyList, TrustedProxyOptions } from './trusted-proxies.js'
import { Skitai } from './skitai.js'

/** An engine that is ready to use; `new Skitai(options)` makes another one. */
const skitai: Skitai = new Skitai()
export default skitai
