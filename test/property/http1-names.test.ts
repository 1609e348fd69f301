import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { Fields } from 'skitai/http1'
import { bytesOf, stepsOf, trace } from 'skitai/testing'
import { plainServer } from './http1-support.js'
import { check } from './run.js'

const HOSTILE = ['__proto__', 'constructor', 'prototype', 'toString', 'valueOf', 'hasOwnProperty', '__defineGetter__']
const name = fc.oneof(
  fc.constantFrom(...HOSTILE),
  fc.constantFrom(...HOSTILE).map((hostile) => hostile.toUpperCase()),
)

test('a peer cannot reach an object of the language by a field name', () => {
  check(
    500,
    fc.property(fc.array(name, { minLength: 1, maxLength: 5 }), (names) => {
      const lines = names.map((field, index) => `${field}: ${index}\r\n`).join('')
      const input = `POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n${lines}\r\n0\r\n${lines}\r\n`
      const seen: Fields[] = []
      const { events } = trace(
        () => {
          const subject = plainServer()
          return {
            ...subject,
            onEvent: (event) => {
              if (event.type === 'request') seen.push(event.fields)
              if (event.type === 'end') seen.push(event.trailers)
              subject.onEvent?.(event)
            },
          }
        },
        stepsOf([bytesOf(input)]),
      )
      assert.equal(events.at(-1)?.type, 'end')
      for (const fields of seen)
        for (const field of HOSTILE) {
          const values = names.flatMap((sent, index) =>
            sent.toLowerCase() === field.toLowerCase() ? [`${index}`] : [],
          )
          assert.deepEqual(fields.getAll(field), values)
          assert.equal(fields.get(field), values.length === 0 ? undefined : values.join(', '))
          assert.equal(fields.has(field), values.length > 0)
        }
    }),
  )
})
