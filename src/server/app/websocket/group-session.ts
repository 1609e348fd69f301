/** A client in a room: what the handler returns goes to everybody there, or to one of them. */

import { encodeWhole } from './codec.js'
import type { Room } from './rooms.js'
import { SimpleSession } from './simple-session.js'

/** Spec GROUPCHAT. */
export class GroupSession extends SimpleSession {
  protected override enter(): void | Promise<void> {
    const { route, room } = this.setup
    try {
      const joined = route.rooms.join(room, this.was.websocket)
      if (joined instanceof Promise) return this.#enterLater(joined)
      this.room = joined
    } catch (error) {
      return Promise.reject(error as Error)
    }
  }

  protected override leave(): void | Promise<void> {
    if (this.room !== undefined) return this.setup.route.rooms.leave(this.room.name, this.was.websocket)
  }

  /** `[message, clientId]` is for one; one that is gone meanwhile gets nothing. */
  protected override deliver(value: unknown): void | Promise<void> {
    const room = this.room!
    if (!isAddressed(value)) return room.broadcast(encodeWhole(this.codec, value))
    const [message, id] = value
    if (message === undefined || message === null) return
    const sent = room.sendTo(id, encodeWhole(this.codec, message))
    if (typeof sent !== 'boolean') return awaitSent(sent)
  }

  async #enterLater(joining: Promise<Room>): Promise<void> {
    this.room = await joining
  }
}

async function awaitSent(sent: Promise<boolean>): Promise<void> {
  await sent
}

function isAddressed(value: unknown): value is readonly [unknown, number] {
  return Array.isArray(value) && value.length === 2 && typeof value[1] === 'number'
}
