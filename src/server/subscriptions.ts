/** Which apps of a host hear what is emitted on others (APP-102): by name, so that an app may come later, or anew. */

import type { AppHost } from './app/app-host.js'
import type { App } from './app/app.js'

/** Where an app is mounted that hears others. */
export interface SubscriberPlace {
  readonly point: string
  /** The app that is there now; another one when it was loaded anew. */
  readonly app: () => App | undefined
}

interface Subscription extends SubscriberPlace {
  readonly names: readonly string[]
}

/** The subscriptions of one host. */
export class Subscriptions {
  readonly #host: AppHost
  readonly #all: Subscription[] = []
  /** Those whose names nobody has looked at. */
  #unchecked: Subscription[] = []
  #sources: App[] = []

  constructor(host: AppHost) {
    this.#host = host
  }

  add(place: SubscriberPlace, names: readonly string[]): void {
    const subscription = { ...place, names }
    this.#all.push(subscription)
    this.#unchecked.push(subscription)
    this.link()
  }

  /** Tells the apps who hears them: some app has come, or is another one. */
  link(): void {
    // A host without subscriptions has nothing to take back, either.
    if (this.#all.length === 0) return
    this.unlink()
    const hearers = new Map<App, Set<App>>()
    for (const { app, names } of this.#all) {
      const hearer = app()
      if (hearer === undefined) continue
      for (const name of names) {
        const source = this.#host.appNamed(name)
        if (source === undefined || source === hearer) continue
        const known = hearers.get(source)
        if (known === undefined) hearers.set(source, new Set([hearer]))
        else known.add(hearer)
      }
    }
    for (const [source, apps] of hearers) source.setHearers(this.#host, [...apps])
    this.#sources = [...hearers.keys()]
  }

  /** Has nobody hear of anything any more. */
  unlink(): void {
    for (const source of this.#sources) source.setHearers(this.#host, [])
    this.#sources = []
  }

  /** Throws `TypeError` for a name that no app has, once all are there. */
  check(): void {
    for (const { point, names } of this.#unchecked)
      for (const name of names)
        if (this.#host.appNamed(name) === undefined)
          throw new TypeError(`the app at ${point} subscribes to ${name}: there is no such app on its host`)
    this.#unchecked = []
  }
}
