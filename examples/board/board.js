// All that the board remembers. It is in memory, and gone when the server ends.

import { EventEmitter } from 'node:events'
import { hashPassword } from 'skitai'

const POSTS_MAX = 100

/** @typedef {import('./pictures.js').Picture} Picture */
/** @typedef {{ author: string, text: string, picture?: Picture | undefined }} Draft */
/** @typedef {Draft & { id: number, at: Date }} Post */

/** Posts, the newest first. Tells of each new one with the event `post`. */
class Board extends EventEmitter {
  /** @type {readonly Post[]} */
  posts = []
  latestId = 0

  /** @param {Draft} draft */
  add(draft) {
    const post = { ...draft, id: ++this.latestId, at: new Date() }
    this.posts = [post, ...this.posts].slice(0, POSTS_MAX)
    this.emit('post', post)
    return post
  }

  /** @param {string} name */
  findPicture(name) {
    return this.posts.find(({ picture }) => picture?.name === name)?.picture
  }

  /**
   * The posts behind `id`, the oldest first.
   *
   * @param {number} id
   */
  after(id) {
    return this.posts.filter((post) => post.id > id).toReversed()
  }
}

export const board = new Board()
board.setMaxListeners(0) // each open page is one

/** Who may write, and the hashes of their passwords. */
export const users = new Map([
  ['ada', await hashPassword('analytical engine')],
  ['grace', await hashPassword('nanosecond')],
])
