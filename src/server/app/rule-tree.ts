/**
 * Rules in a tree: literal text branches by its characters, and behind it a parameter. A
 * path finds all rules that match it without trying those that do not.
 */

import type { CompiledRule } from './path-params.js'

/** A rule that matches, with the values of its parameters. */
export interface Found<Entry, Values> {
  readonly entry: Entry
  readonly values: Values
}

/** Makes values of the parts of a path; undefined when one of them is not what its parameter takes. */
export type ReadValues<Entry, Values> = (
  entry: Entry,
  path: string,
  starts: readonly number[],
  ends: readonly number[],
) => Values | undefined

/** What a rule stands for. One object to look at: a thousand rules do not lie in the cache of a processor. */
export interface RuleEntry {
  /** Its place in the order in which rules were added; set by the tree. */
  order: number
  /** For a rule whose parameters do not end with their segments: decides about the whole path. */
  readonly pattern: RegExp | undefined
}

/** Literal text, and what may come behind it. */
class Node<Entry extends RuleEntry> {
  text: string
  /** What goes on with literal text, by the first character of it: that of `children[i]` has the code `lowest + i`. */
  children: (Node<Entry> | undefined)[] = []
  lowest = 0
  /** The rule without parameters that is all of the text up to here. */
  exact: Entry | undefined
  /** Rules with parameters that end here, or go on with a pattern. */
  ends: Entry[] = []
  /** What comes behind a parameter that begins here and ends with its segment, whatever its kind is. */
  segment: Node<Entry> | undefined
  /** What comes behind one that takes all the rest. */
  rest: Node<Entry> | undefined

  constructor(text: string) {
    this.text = text
  }

  /** The node that stands for `text` behind this one's own text; made when it is new. */
  at(text: string): Node<Entry> {
    if (text === '') return this
    const child = this.children[text.charCodeAt(0) - this.lowest]
    if (child === undefined) {
      const made = new Node<Entry>(text)
      this.#put(made)
      return made
    }
    const shared = sharedLength(child.text, text)
    if (shared === child.text.length) return child.at(text.slice(shared))
    const fork = new Node<Entry>(text.slice(0, shared))
    child.text = child.text.slice(shared)
    fork.#put(child)
    this.#put(fork)
    return fork.at(text.slice(shared))
  }

  /** Takes a node that goes on from here, in place of one with the same first character. */
  #put(child: Node<Entry>): void {
    const code = child.text.charCodeAt(0)
    if (this.children.length === 0) this.lowest = code
    while (this.lowest > code) {
      this.children.unshift(undefined)
      this.lowest--
    }
    while (this.children.length <= code - this.lowest) this.children.push(undefined)
    this.children[code - this.lowest] = child
  }
}

function sharedLength(a: string, b: string): number {
  const end = Math.min(a.length, b.length)
  let at = 0
  while (at < end && a.charCodeAt(at) === b.charCodeAt(at)) at++
  return at
}

/** The rules of one router. */
export class RuleTree<Entry extends RuleEntry, Values> {
  readonly #read: ReadValues<Entry, Values>
  #root: Node<Entry> = new Node('')
  #added = 0
  // Where the last walk has come by, and where the parameters of the match under way begin and end: kept between calls,
  // for a walk that allocates nothing takes half the time.
  readonly #nodes: Node<Entry>[] = []
  readonly #places: number[] = []
  readonly #starts: number[] = []
  readonly #ends: number[] = []
  #exact: Entry | undefined
  #count = 0
  #entry: Entry | undefined
  #values: Values | undefined
  #several: Found<Entry, Values>[] = []

  constructor(read: ReadValues<Entry, Values>) {
    this.#read = read
  }

  clear(): void {
    this.#root = new Node('')
  }

  /** Adds a rule without parameters, for paths that are written like it. */
  addExact(path: string, entry: Entry): void {
    this.#root.at(path).exact = entry
  }

  /** Adds a rule with parameters. */
  add({ literal, rest }: CompiledRule, entry: Entry): void {
    entry.order = this.#added++
    let node = this.#root.at(literal)
    for (const { kind, text } of rest ?? []) {
      const next = kind === 'path' ? (node.rest ??= new Node('')) : (node.segment ??= new Node(''))
      node = next.at(text)
    }
    node.ends.push(entry)
  }

  /** The rule that is written like the path last walked. */
  get exact(): Entry | undefined {
    return this.#exact
  }

  /**
   * How many literal beginnings of rules `path` has. `matches` gives the rules of each, the longest one being the last.
   */
  walk(path: string): number {
    let count = 0
    let node = this.#root
    let at = 0
    for (;;) {
      if (node.segment !== undefined || node.rest !== undefined || node.ends.length > 0) {
        this.#nodes[count] = node
        this.#places[count++] = at
      }
      const child = childAt(node, path, at)
      if (child === undefined) break
      node = child
      at += node.text.length
    }
    this.#exact = at === path.length ? node.exact : undefined
    return count
  }

  /**
   * How many rules behind one beginning match `path`, which was walked before. `entry` and `values` are those of the
   * only one; `all` gives them when there are several.
   */
  matches(path: string, index: number): number {
    this.#count = 0
    const node = this.#nodes[index]!
    for (let i = 0; i < node.ends.length; i++) this.#matchWhole(node.ends[i]!, path)
    this.#params(node, path, this.#places[index]!, 0)
    return this.#count
  }

  /** What the only match is of. */
  get entry(): Entry {
    return this.#entry!
  }

  /** What the only match gives. */
  get values(): Values {
    return this.#values!
  }

  /** All matches; the rule that was added first leads. */
  get all(): readonly Found<Entry, Values>[] {
    return this.#several.sort((a, b) => a.entry.order - b.entry.order)
  }

  #matchWhole(entry: Entry, path: string): void {
    const groups = entry.pattern!.exec(path)?.indices
    if (groups === undefined) return
    for (let i = 1; i < groups.length; i++) [this.#starts[i - 1], this.#ends[i - 1]] = groups[i]!
    this.#add(entry, path)
  }

  /** There mostly is one: only a second one is worth a list. */
  #add(entry: Entry, path: string): void {
    const values = this.#read(entry, path, this.#starts, this.#ends)
    if (values === undefined) return
    if (++this.#count === 1) {
      this.#entry = entry
      this.#values = values
      return
    }
    if (this.#count === 2) this.#several = [{ entry: this.#entry!, values: this.#values! }]
    this.#several.push({ entry, values })
  }

  /** Adds the rules below `node` whose parameter number `depth` begins at `at`. */
  #params(node: Node<Entry>, path: string, at: number, depth: number): void {
    if (at >= path.length) return
    const { segment, rest } = node
    if (segment !== undefined) {
      const slash = path.indexOf('/', at)
      const end = slash < 0 ? path.length : slash
      if (end > at) this.#behind(segment, path, at, end, depth)
    }
    if (rest !== undefined) this.#behind(rest, path, at, path.length, depth)
  }

  #behind(node: Node<Entry>, path: string, at: number, end: number, depth: number): void {
    this.#starts[depth] = at
    this.#ends[depth] = end
    this.#literal(node, path, end, depth + 1)
  }

  /** Adds the rules below `node` that go on at `at`, behind `depth` parameters. */
  #literal(node: Node<Entry>, path: string, at: number, depth: number): void {
    if (at === path.length) {
      for (let i = 0; i < node.ends.length; i++) this.#add(node.ends[i]!, path)
      return
    }
    this.#params(node, path, at, depth)
    const child = childAt(node, path, at)
    if (child !== undefined) this.#literal(child, path, at + child.text.length, depth)
  }
}

/** The child whose text the path has at `at`. */
function childAt<Entry extends RuleEntry>(node: Node<Entry>, path: string, at: number): Node<Entry> | undefined {
  if (at >= path.length) return undefined
  const index = path.charCodeAt(at) - node.lowest
  if (index < 0 || index >= node.children.length) return undefined
  const child = node.children[index]
  if (child === undefined) return undefined
  const { text } = child
  for (let i = 1; i < text.length; i++) if (path.charCodeAt(at + i) !== text.charCodeAt(i)) return undefined
  return child
}
