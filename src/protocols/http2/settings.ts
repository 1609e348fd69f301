/** The settings of one side of a connection (RFC 9113 section 6.5.2, RFC 8441 section 3, RFC 9218 section 2.1). */

/** What an endpoint has told the other one. Settings that did not come have the values of the standard. */
export interface Settings {
  /** Octets of the dynamic table that this side's decoder allows. */
  headerTableBytes: number
  enablePush: boolean
  /** `Infinity` when it was not told. */
  streamsMax: number
  /** The window that a new stream begins with. */
  initialWindowBytes: number
  frameBytesMax: number
  /** Octets of a field section that this side is ready to take; `Infinity` when it was not told. */
  fieldBytesMax: number
  /** Extended CONNECT is understood. */
  connectProtocol: boolean
  /** The priorities of RFC 7540 are not used. */
  noRfc7540Priorities: boolean
}

/** The identifiers on the wire. */
export const SettingIds = {
  headerTableBytes: 0x1,
  enablePush: 0x2,
  streamsMax: 0x3,
  initialWindowBytes: 0x4,
  frameBytesMax: 0x5,
  fieldBytesMax: 0x6,
  connectProtocol: 0x8,
  noRfc7540Priorities: 0x9,
} as const

/** The window that streams and connections begin with (RFC 9113 section 6.9.2). */
export const INITIAL_WINDOW_BYTES = 65_535

/** What holds before an endpoint has told anything. */
export function initialSettings(): Settings {
  return {
    headerTableBytes: 4096,
    enablePush: true,
    streamsMax: Infinity,
    initialWindowBytes: INITIAL_WINDOW_BYTES,
    frameBytesMax: 16_384,
    fieldBytesMax: Infinity,
    connectProtocol: false,
    noRfc7540Priorities: false,
  }
}
