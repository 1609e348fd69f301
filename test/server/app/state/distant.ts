/** Sessions that are kept elsewhere. */

import { MemoryStore, type SessionStore } from '#src/server/index.js'

/** A store in memory whose answers are promises. */
export function distant(store: MemoryStore = new MemoryStore()): SessionStore {
  return {
    load: async (id) => store.load(id),
    save: async (id, session, isNew) => store.save(id, session, isNew),
    touch: async (id, expiresAtMs) => store.touch(id, expiresAtMs),
    destroy: async (id) => store.destroy(id),
  }
}
