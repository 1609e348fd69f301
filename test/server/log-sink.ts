/** A sink of a log that shows its lines. */

import { Writable } from 'node:stream'

/** Keeps all text. */
export class LogSinkText extends Writable {
  text = ''
  #waiting: (() => void)[] = []

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    this.text += chunk.toString()
    for (const resolve of this.#waiting.splice(0)) resolve()
    done()
  }

  /** Waits for a line that matches. */
  async line(pattern: RegExp): Promise<string> {
    for (;;) {
      const line = this.text.split('\n').find((each) => pattern.test(each))
      if (line !== undefined) return line
      await new Promise<void>((resolve) => this.#waiting.push(resolve))
    }
  }
}
