import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { preferredKind } from '#src/server/accept.js'

/** Accept, the kind for an error, and the kind for wrong parameters. */
const cases: [accept: string | undefined, error: string, parameters: string][] = [
  [undefined, 'html', 'problem'],
  ['', 'html', 'problem'],
  ['*/*', 'html', 'problem'],
  ['image/png', 'html', 'problem'],
  ['text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8', 'html', 'html'],
  ['TEXT/HTML', 'html', 'html'],
  ['APPLICATION/JSON', 'json', 'json'],
  ['application/json, text/plain, */*', 'json', 'json'],
  ['application/json, text/javascript, */*; q=0.01', 'json', 'json'],
  ['application/problem+json', 'problem', 'problem'],
  ['application/problem+json, application/json', 'problem', 'problem'],
  ['text/html, application/json', 'html', 'html'],
  ['text/html;q=0.5, application/json', 'json', 'json'],
  ['text/html;q=0.5, application/json;Q=0.501', 'json', 'json'],
  ['application/*;q=0.9, text/html;q=0.8', 'json', 'problem'],
  ['text/html;q=0', 'html', 'problem'],
  ['text/html;q=0, */*', 'json', 'problem'],
  ['application/json;q=0, */*', 'html', 'problem'],
  ['text/*', 'html', 'html'],
  ['application/json;charset=utf-8;q=0.5, text/html;q=0.4', 'json', 'json'],
  ['application/json;q=2', 'html', 'problem'],
  [';;;,,q=1', 'html', 'problem'],
]

describe('RFC 9110 section 12.5.1: what a status is explained as', () => {
  for (const [accept, error, parameters] of cases)
    it(`Accept: ${accept ?? 'not sent'}`, () => {
      assert.deepEqual([preferredKind(accept, 'html'), preferredKind(accept, 'problem')], [error, parameters])
    })
})
