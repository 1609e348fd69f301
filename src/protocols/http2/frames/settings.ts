/** SETTINGS (RFC 9113 section 6.5): what an endpoint is ready to take. */

import type { OutputQueue } from '../../core/output.js'
import type { Http2FaultCode } from '../errors.js'
import { SettingIds, type Settings } from '../settings.js'
import { Flags, FRAME_HEADER_BYTES, FrameTypes, putFrameHeader, putUint32, uint32 } from './frame.js'

/** Octets of one setting: 16 bits of identifier, 32 of value. */
export const SETTING_BYTES = 6

const WINDOW_MAX = 0x7f_ff_ff_ff
const FRAME_BYTES_MIN = 16_384
const FRAME_BYTES_MAX = 16_777_215

/** Applies a payload to `settings`, in order; what is not known is ignored. Gives the fault, or undefined. */
export function readSettings(
  bytes: Uint8Array,
  at: number,
  end: number,
  settings: Settings,
): Http2FaultCode | undefined {
  for (; at < end; at += SETTING_BYTES) {
    const fault = apply((bytes[at]! << 8) | bytes[at + 1]!, uint32(bytes, at + 2), settings)
    if (fault !== undefined) return fault
  }
  return undefined
}

function apply(id: number, value: number, settings: Settings): Http2FaultCode | undefined {
  switch (id) {
    case SettingIds.headerTableBytes:
      settings.headerTableBytes = value
      return undefined
    case SettingIds.enablePush:
      settings.enablePush = value === 1
      return value > 1 ? 'H2_SETTINGS_VALUE' : undefined
    case SettingIds.streamsMax:
      settings.streamsMax = value
      return undefined
    case SettingIds.initialWindowBytes:
      settings.initialWindowBytes = value
      return value > WINDOW_MAX ? 'H2_SETTINGS_WINDOW' : undefined
    case SettingIds.frameBytesMax:
      settings.frameBytesMax = value
      return value < FRAME_BYTES_MIN || value > FRAME_BYTES_MAX ? 'H2_SETTINGS_VALUE' : undefined
    case SettingIds.fieldBytesMax:
      settings.fieldBytesMax = value
      return undefined
    case SettingIds.connectProtocol:
      // Once told, it cannot be taken back (RFC 8441 section 3).
      if (value > 1 || (value === 0 && settings.connectProtocol)) return 'H2_SETTINGS_VALUE'
      settings.connectProtocol = value === 1
      return undefined
    case SettingIds.noRfc7540Priorities:
      settings.noRfc7540Priorities = value === 1
      return value > 1 ? 'H2_SETTINGS_VALUE' : undefined
    default:
      return undefined
  }
}

/** Writes identifiers and values: a flat list. */
export function writeSettings(out: OutputQueue, list: readonly number[]): void {
  const length = (list.length / 2) * SETTING_BYTES
  let at = out.reserve(FRAME_HEADER_BYTES + length)
  const { memory } = out
  at = putFrameHeader(memory, at, length, FrameTypes.settings, Flags.none, 0)
  for (let i = 0; i < list.length; i += 2) {
    memory[at++] = list[i]! >>> 8
    memory[at++] = list[i]!
    at = putUint32(memory, at, list[i + 1]!)
  }
  out.commit(at)
}

/** Writes an acknowledgement. */
export function writeSettingsAck(out: OutputQueue): void {
  const at = out.reserve(FRAME_HEADER_BYTES)
  out.commit(putFrameHeader(out.memory, at, 0, FrameTypes.settings, Flags.ack, 0))
}
