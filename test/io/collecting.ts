/** A sink that keeps what a transport reports and lets tests wait for it. */

import type { Transport, TransportError, TransportSink } from '#src/io/index.js'

export class Collecting implements TransportSink {
  text = ''
  bytes = 0
  ends = 0
  drains = 0
  closes = 0
  error: TransportError | undefined
  #waiting: (() => void)[] = []

  /** Opens a transport with a new sink. */
  static open(transport: Transport): Collecting {
    const sink = new Collecting()
    transport.open(sink)
    return sink
  }

  onData(chunk: Uint8Array): void {
    this.bytes += chunk.length
    if (this.text.length < 1000) this.text += Buffer.from(chunk).toString('latin1')
    this.#tell()
  }

  onEnd(): void {
    this.ends++
    this.#tell()
  }

  onDrain(): void {
    this.drains++
    this.#tell()
  }

  onClose(error: TransportError | undefined): void {
    this.closes++
    this.error = error
    this.#tell()
  }

  /** Waits until something holds that the transport reports. */
  async until(holds: (sink: this) => boolean): Promise<this> {
    while (!holds(this)) await new Promise<void>((resolve) => this.#waiting.push(resolve))
    return this
  }

  #tell(): void {
    for (const resolve of this.#waiting.splice(0)) resolve()
  }
}
