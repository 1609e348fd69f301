/** What an app is told when it is made. */

import type { AppGuardOptions } from './guards/guard-options.js'
import type { StateOptions } from './state/state-options.js'
import type { Delimiters } from './templates/templates.js'

/** Values of an app's own, beside the limits that the framework reads. */
export type AppConfig = Record<string, unknown>

/** Options of an app. */
export interface AppOptions extends StateOptions, AppGuardOptions {
  /** By which other apps of the host find it. `app` by default. */
  readonly name?: string
  /** Shows the detail of unexpected errors in the response. Never in production. */
  readonly debug?: boolean
  /**
   * The directory that `templates`, `static`, `resources` and `services` are taken from: that of the script by default,
   * or as `import.meta.dirname` says.
   */
  readonly home?: string
  /**
   * Folders of templates, in the order in which they are looked through; relative to `home`. `templates` by default.
   */
  readonly templates?: string | readonly string[]
  /** What stands around blocks and variables of templates. */
  readonly delimiters?: Delimiters
  /**
   * A folder whose files are served at the mount point of the app, in front of its routes; relative to `home`. None by
   * default.
   */
  readonly static?: string
  /** A folder of modules that decorate the app, relative to `home`; none by default. */
  readonly services?: string
  /**
   * Whether changed modules are loaded anew at the next request. In development by default; in production
   * (`SKITAI_ENV=production`) never.
   */
  readonly reload?: boolean
  /** Names of values in `app.store` that an app takes over from the one before it when it is loaded anew. */
  readonly preserve?: readonly string[]
  /** Free for the app's own use, as `app.config`. */
  readonly config?: AppConfig
  /** Octets of content that a handler reads as one piece at the most; 5 MiB by default. */
  readonly bodyBytesMax?: number
  /** Octets of a multipart form at the most; 20 MiB by default. */
  readonly multipartBytesMax?: number
  /** Octets of one file of a form at the most; 20,000,000 by default. */
  readonly fileBytesMax?: number
  /**
   * Whether text and JSON of 2 KiB and more is compressed for who can take it. By default that of requests without
   * Cookie and Authorization whose responses set no cookie: compressed content that holds a secret and something of the
   * requester's choice gives the secret away by its length. `true` for all, `false` for none.
   */
  readonly compress?: boolean
  /** Indents JSON by two blanks, for whoever reads it with their own eyes (APP-51). Default false. */
  readonly prettyJson?: boolean
  /** Lets `was.push` push responses over HTTP/2. Default false. */
  readonly push?: boolean
}
