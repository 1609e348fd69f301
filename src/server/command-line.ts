/** What the command line says, and how it reaches the engine that a script runs. */

import { parseArgs } from 'node:util'

/** What beats the options that a script gives to `run`. */
export interface RunOverrides {
  readonly address?: string
  /** 0..65535. */
  readonly port?: number
  /** A certificate for development. */
  readonly tls?: { readonly dev: true }
}

/** What is asked for. */
export type CommandLine =
  | { readonly kind: 'help' }
  | { readonly kind: 'version' }
  | {
      readonly kind: 'run'
      /** A directory or a script. */
      readonly target: string
      readonly overrides: RunOverrides
      /** What stands behind the target: the arguments of the script. */
      readonly rest: readonly string[]
    }

/** The command line cannot be understood; the message says why, in one line. */
export class CommandLineError extends Error {
  override readonly name = 'CommandLineError'
}

/** What `--help` prints. */
export const usage = `Usage: skitai <directory | script> [options] [-- arguments of the script]

Serves a directory, or runs a script that calls skitai.run().

Options:
  --address <address>  where to listen; beats what the script says
                       (a directory: 127.0.0.1, 0.0.0.0 to let everybody in)
  --port <number>      the port, 0 for any free one; beats what the script says
                       (a directory: 5000)
  --tls-dev            HTTPS with a certificate for localhost that is made for
                       this run; beats what the script says
  --help               print this
  --version            print the version
`

/** Reads the arguments behind the name of the command. Throws `CommandLineError`. */
export function parseCommandLine(args: readonly string[]): CommandLine {
  const { values, positionals } = parse(args)
  if (values.help === true) return { kind: 'help' }
  if (values.version === true) return { kind: 'version' }
  const [target, ...rest] = positionals
  if (target === undefined) throw new CommandLineError('a directory or a script is missing; skitai --help tells more')
  if (values.address === '') throw new CommandLineError('--address is empty')
  const overrides = {
    ...(values.address === undefined ? {} : { address: values.address }),
    ...(values.port === undefined ? {} : { port: portOf(values.port) }),
    ...(values['tls-dev'] === true && { tls: { dev: true as const } }),
  }
  return { kind: 'run', target, overrides, rest }
}

interface Parsed {
  readonly values: {
    readonly address?: string | undefined
    readonly port?: string | undefined
    readonly 'tls-dev'?: boolean | undefined
    readonly help?: boolean | undefined
    readonly version?: boolean | undefined
  }
  readonly positionals: readonly string[]
}

function parse(args: readonly string[]): Parsed {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        address: { type: 'string' },
        port: { type: 'string' },
        'tls-dev': { type: 'boolean' },
        help: { type: 'boolean', short: 'h' },
        version: { type: 'boolean' },
      },
    })
  } catch (error) {
    // Node's messages are sentences with advice; the first one says what is wrong.
    const [first = ''] = (error instanceof Error ? error.message : String(error)).split(/\.\s|\n/)
    throw new CommandLineError(first.replace(/\.$/, ''))
  }
}

function portOf(text: string): number {
  if (!/^\d{1,5}$/.test(text) || Number(text) > 65_535)
    throw new CommandLineError(`--port is a number from 0 to 65535, not "${text}"`)
  return Number(text)
}

/** Between the command, which reads the command line, and the first engine that runs under it. */
interface Command {
  readonly overrides: RunOverrides
  readonly onRunning: (running: CommandRunning) => void
}

/** Where an engine listens, for the user of the command. */
export interface CommandRunning {
  readonly url: string
  /** The SHA-256 fingerprint of its certificate; empty without TLS. */
  readonly fingerprint256: string
}

/** The command and its script may load two copies of this package; they meet here. */
const COMMAND: unique symbol = Symbol.for('skitai.command')
const meeting = globalThis as { [COMMAND]?: Command }

/** For the command: `overrides` beat the options of the first `run`, and `onRunning` is told of every one. */
export function enterCommand(command: Command): void {
  meeting[COMMAND] = command
}

/**
 * For `run`: its options with those of the command line, which stand for one listener only and so for the first.
 * Where it listens then is to be told to `tellRunning`.
 */
export function withOverrides<Options extends { readonly path?: string; readonly descriptor?: number }>(
  options: Options,
): Options {
  const command = meeting[COMMAND]
  if (command === undefined || Object.keys(command.overrides).length === 0) return options
  const { overrides } = command
  meeting[COMMAND] = { ...command, overrides: {} }
  const { path: _path, descriptor: _descriptor, ...rest } = options
  return { ...rest, ...overrides } as Options
}

/** For `run`: tells the command where an engine listens. */
export function tellRunning(running: CommandRunning): void {
  meeting[COMMAND]?.onRunning(running)
}
