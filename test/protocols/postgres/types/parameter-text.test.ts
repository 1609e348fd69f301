/** Parameters whose type nobody has said. */

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { parameterText } from '#src/protocols/postgres/types/index.js'

describe('a parameter without type', () => {
  for (const [value, text] of [
    ['a "b"', 'a "b"'],
    [1.5, '1.5'],
    [-0, '-0'],
    [NaN, 'NaN'],
    [2n ** 70n, '1180591620717411303424'],
    [true, 't'],
    [new Uint8Array([1, 255]), '\\x01ff'],
    [new Date(0), '1970-01-01T00:00:00.000+00'],
    [[], '{}'],
    [
      [
        [1, null],
        ['a"\\', undefined],
      ],
      '{{"1",NULL},{"a\\"\\\\",NULL}}',
    ],
    [[{ a: 1 }], '{"{\\"a\\":1}"}'],
    [{ a: [1] }, '{"a":[1]}'],
  ] as const)
    it(`is sent as ${text}`, () => assert.equal(parameterText(value), text))

  it('is refused when it is no value', () => {
    for (const value of [undefined, null, () => 1, Symbol('a'), new Date(NaN), { toJSON: () => undefined }])
      assert.throws(() => parameterText(value), { code: 'PG_VALUE_UNFIT' })
  })
})
