/** Middleware that comes without types, with what the tests need of them. */

import { createRequire } from 'node:module'
import type { Express, RequestHandler } from 'express'
import type { Middleware } from 'koa'

const require = createRequire(import.meta.url)

type Make<Result> = (options?: unknown) => Result

export const compression = require('compression') as Make<RequestHandler>
export const connect = require('connect') as () => Express
export const cookieParser = require('cookie-parser') as Make<RequestHandler>
export const expressSession = require('express-session') as Make<RequestHandler>
export const serveStatic = require('serve-static') as Make<RequestHandler>
export const multer = require('multer') as ((options: object) => { array(name: string): RequestHandler }) & {
  memoryStorage(): object
}
export const koaBodyParser = require('koa-bodyparser') as () => Middleware
export const koaSession: (options: object, app: object) => Middleware = (
  require('koa-session') as { default: (options: object, app: object) => Middleware }
).default
export const koaStatic = require('koa-static') as (folder: string) => Middleware
