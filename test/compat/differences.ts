/** Where an app sees or gives something else on our server than on node:http, and why. The guide says so, too. */

/** One difference. */
export interface Difference {
  readonly suite: string
  readonly case: string
  /** Over one version only. */
  readonly over?: 'http1' | 'http2'
  /** The part of the answer, or `events`. */
  readonly what: string
  readonly ours: unknown
  readonly node: unknown
  /** The row of the table in the guide. */
  readonly reason: string
}

const KOA_FIELDS = ['content-type: text/plain; charset=utf-8', 'x-behind: yes']

/** All of them. */
export const differences: readonly Difference[] = [
  {
    suite: 'request',
    case: 'the version',
    over: 'http2',
    what: 'body',
    ours: '["2.0",2,0]',
    node: '["1.1",1,1]',
    reason: 'version',
  },
  {
    suite: 'request',
    case: 'raw headers',
    over: 'http2',
    what: 'body',
    ours: '["x-one","a","x-two","b","x-two","c"]',
    node: '["X-One","a","x-two","b","x-two","c"]',
    reason: 'case of names',
  },
  {
    suite: 'head',
    case: 'status 204 with a length',
    what: 'fields',
    ours: [],
    node: ['content-length: 0'],
    reason: 'length of a 204',
  },
  ...(
    [
      ['status', 200, 700],
      ['body', 'ERR_HTTP_INVALID_STATUS_CODE', 'nothing'],
    ] as const
  ).map(([what, ours, node]) => ({
    suite: 'head',
    case: 'status 700',
    what,
    ours,
    node,
    reason: 'statuses above 599',
  })),
  // Koa itself: there is no reason phrase in HTTP/2 that it could take for the content.
  ...['GET /missing', 'GET /.hidden'].flatMap((name) =>
    (
      [
        ['body', '404', 'Not Found'],
        ['fields', ['content-length: 3', ...KOA_FIELDS], ['content-length: 9', ...KOA_FIELDS]],
      ] as const
    ).map(([what, ours, node]) => ({
      suite: 'koa',
      case: name,
      over: 'http2' as const,
      what,
      ours,
      node,
      reason: 'version',
    })),
  ),
  ...['hono', 'hono, the Response of the runtime', 'hono, the light Response everywhere'].flatMap((suite) => [
    {
      suite,
      case: 'GET /headers',
      over: 'http1' as const,
      what: 'reason',
      ours: '',
      node: 'unknown',
      reason: 'reason phrases',
    },
    {
      suite,
      case: 'GET /throws',
      over: 'http1' as const,
      what: 'reason',
      ours: '',
      node: "I'm a Teapot",
      reason: 'reason phrases',
    },
  ]),
]
