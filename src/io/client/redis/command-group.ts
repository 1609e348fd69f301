/** Commands that go over the wire one right behind the other, all of them or none. */

import type { CommandArgument } from '../../../protocols/redis/command-writer.js'
import { Command } from './command.js'
import type { CommandSpec } from './command-spec.js'

/** What a group does, for those who look at keys. */
export interface GroupContent {
  readonly spec: CommandSpec
  readonly args: readonly CommandArgument[]
}

const GROUP: CommandSpec = { words: ['MULTI'], flags: 0, firstKey: 0, lastKey: 0, keyStep: 0, read: undefined }

/** A group waits and is given up as one command; sent, it is its parts. */
export class CommandGroup extends Command {
  readonly parts: readonly Command[]
  readonly content: readonly GroupContent[]

  constructor(parts: readonly Command[], content: readonly GroupContent[]) {
    super(GROUP.words, GROUP, 0, ignore, (error) => {
      for (const part of parts) part.fail(error)
    })
    this.parts = parts
    this.content = content
  }

  /** It is sent, and its parts are what is waited for. */
  begin(): void {
    this.sent = true
    for (const part of this.parts) {
      part.deadline = this.deadline
      part.timeoutMs = this.timeoutMs
    }
  }

  /** The last part is answered, or lost: nobody needs to watch any more. */
  finish(): void {
    this.succeed(null)
  }
}

function ignore(): void {}
