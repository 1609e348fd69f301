/** What the options of an engine may be. What one of them is for stands where it is declared. */

import { appOptions } from './app/option-tables.js'
import * as is from './option-table.js'
import type { OptionTable } from './option-table.js'
import type { CloseOptions, MountOptions, RunOptions, SkitaiOptions } from './options.js'
import { forwardedFields, type TrustedProxyOptions } from './trusted-proxies.js'

const sink: is.OptionRule = {
  what: 'a stream to write to',
  fits: (value) => is.object.fits(value) && is.callback.fits((value as { readonly write?: unknown }).write),
}

const trustedProxies: OptionTable<TrustedProxyOptions> = {
  addresses: is.texts,
  fields: {
    what: `a list of ${forwardedFields.join(', ')}`,
    fits: (value) => Array.isArray(value) && value.every((each) => forwardedFields.includes(each as string)),
  },
}

/** Options of `new Skitai`. */
export const skitaiOptions: OptionTable<SkitaiOptions> = {
  limits: is.elsewhere,
  http2: is.elsewhere,
  onError: is.callback,
  onLog: is.callback,
  log: is.either(is.no, sink),
  trustedProxies: is.either(
    is.texts,
    is.within(() => trustedProxies),
  ),
  collectWhenIdle: is.flag,
}

/** Options of `run`. */
export const runOptions: OptionTable<RunOptions> = {
  address: is.text,
  port: is.whole(0, 65_535),
  path: is.text,
  descriptor: is.whole(0),
  backlog: is.whole(1, 0x7f_ff_ff_ff),
  connectionsMax: is.octets,
  tls: is.elsewhere,
  http2: is.flag,
  h2c: is.flag,
  proxyProtocol: is.flag,
  handshakeMs: is.unsigned,
  inherit: is.flag,
  signals: is.flag,
}

/** Options of `mount`. */
export const mountOptions: OptionTable<MountOptions> = {
  host: is.text,
  push: is.flag,
  pref: is.within(() => appOptions),
  subscribe: is.texts,
  dotFiles: is.flag,
  precompressed: is.flag,
  cacheBytesMax: is.whole(1),
  cachedFileBytesMax: is.octets,
}

/** Options of `close`. */
export const closeOptions: OptionTable<CloseOptions> = {
  timeoutMs: is.unsigned,
  graceMs: is.unsigned,
  restart: is.flag,
}
