/** What is wrong with the parameters of a request: one answer names all of it. */

import { HttpError } from '../../http-error.js'

/** Where a parameter stands. */
export type ArgumentPlace = 'path' | 'query' | 'body'

/** One parameter that is missing, not expected, or not what is wanted. */
export interface ArgumentProblem {
  readonly in: ArgumentPlace
  /** Its name; the path to a member of a body is joined by dots. Empty for the body as a whole. */
  readonly name: string
  readonly detail: string
}

/** Problems that one answer names at the most. */
const NAMED_MAX = 50

/** Characters of a name, and of a detail: both may have what the client has sent in it, which has megabytes perhaps. */
const TEXT_MAX = 300

/** A request whose parameters are not what its route declares: 400 (RFC 9457 members `errors`). */
export class ArgumentError extends HttpError {
  readonly problems: readonly ArgumentProblem[]

  constructor(problems: readonly ArgumentProblem[]) {
    const named = problems
      .slice(0, NAMED_MAX)
      .map((problem) => ({ in: problem.in, name: short(problem.name), detail: short(problem.detail) }))
    super(400, named.map(({ detail }) => detail).join('; '))
    this.problems = named
  }
}

function short(text: string): string {
  return text.length > TEXT_MAX ? `${text.slice(0, TEXT_MAX)}…` : text
}
