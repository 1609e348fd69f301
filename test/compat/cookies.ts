/** Cookies from one answer to the next question. */

import type { Ask, Question } from './asking.js'

/** Asks `path` first, and sends its cookies along. */
export function withCookiesOf(path: string, headers: Question['headers'] = {}) {
  return async (ask: Ask, question: Question): Promise<Question> => {
    const { fields } = await ask({ path, headers })
    const cookies = fields.flatMap((line) => /^set-cookie: ([^;]+)/.exec(line)?.[1] ?? [])
    return { ...question, headers: { ...question.headers, cookie: cookies.join('; ') } }
  }
}
