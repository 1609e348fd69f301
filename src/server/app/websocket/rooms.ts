/** Rooms: who is in them, and how messages reach them. In one process here; others may keep them elsewhere. */

import { PreparedMessage } from '../../../protocols/websocket/prepared.js'

/** A message that is encoded: it can be sent as it is. */
export type EncodedMessage = string | Uint8Array | PreparedMessage

/** A client as its room sees it. */
export interface RoomMember {
  /** A number of its own within the process. */
  readonly id: number
  /** Sends an encoded message. Never waits, and never throws for a client that is gone. */
  deliver(message: EncodedMessage): void
}

/** One room. */
export interface Room {
  readonly name: string
  /** Those of its clients that are connected to this process, by id. */
  readonly clients: ReadonlyMap<number, RoomMember>
  /** Sends a message to everybody. */
  broadcast(message: EncodedMessage): void | Promise<void>
  /** Sends a message to one; gives whether there is one of that id. */
  sendTo(id: number, message: EncodedMessage): boolean | Promise<boolean>
}

/** All rooms of a route. Whatever a promise stands for may happen elsewhere, as over a message broker. */
export interface Rooms {
  /** Lets a client in, and gives the room; it is made for its first client. */
  join(name: string, member: RoomMember): Room | Promise<Room>
  /** The client is gone; a room is, with its last one. */
  leave(name: string, member: RoomMember): void | Promise<void>
}

/** A room of this process. */
class LocalRoom implements Room {
  readonly name: string
  readonly clients: Map<number, RoomMember> = new Map()

  constructor(name: string) {
    this.name = name
  }

  /** The frame is encoded once, and all clients write the same octets. */
  broadcast(message: EncodedMessage): void {
    const prepared = message instanceof PreparedMessage ? message : new PreparedMessage(message)
    for (const client of this.clients.values()) client.deliver(prepared)
  }

  sendTo(id: number, message: EncodedMessage): boolean {
    const client = this.clients.get(id)
    client?.deliver(message)
    return client !== undefined
  }
}

/** The rooms of this process. */
export class LocalRooms implements Rooms {
  readonly #rooms: Map<string, LocalRoom> = new Map()

  /** How many rooms have clients. */
  get size(): number {
    return this.#rooms.size
  }

  join(name: string, member: RoomMember): Room {
    let room = this.#rooms.get(name)
    if (room === undefined) {
      room = new LocalRoom(name)
      this.#rooms.set(name, room)
    }
    room.clients.set(member.id, member)
    return room
  }

  leave(name: string, member: RoomMember): void {
    const room = this.#rooms.get(name)
    if (room?.clients.get(member.id) !== member) return
    room.clients.delete(member.id)
    if (room.clients.size === 0) this.#rooms.delete(name)
  }
}
