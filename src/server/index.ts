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
export type { ContentType } from './app/content-type.js'
export type { ErrorHandler, ErrorInfo } from './app/error-handlers.js'
export type { Listener } from './app/events.js'
export { Form } from './app/form/form.js'
export { type SaveOptions, UploadedFile } from './app/form/uploaded-file.js'
export type { FailureHook, LifecycleHook, LifecycleMoment, Observer, Reply, Step } from './app/hooks.js'
export type { EventStreamOptions, ServerSentEvent } from './app/event-stream.js'
export type { FaultObject, FaultOptions, FileValue, ProblemDetails } from './app/response-values.js'
export type { Delimiters, TemplateEngine, TemplateFilter, TemplateGlobal } from './app/templates/templates.js'
export type { Declared, Handler, MethodRoute, Route, RouteOptions, RouteParams } from './app/route.js'
export type { PathParams } from './app/path-params.js'
export { type ReadOptions, Request } from './app/request.js'
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
export type { NextFunction, NodeListener, NodeServerLike } from './foreign/node/node-app.js'
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
import { Skitai } from './skitai.js'

/** An engine that is ready to use; `new Skitai(options)` makes another one. */
const skitai: Skitai = new Skitai()
export default skitai
