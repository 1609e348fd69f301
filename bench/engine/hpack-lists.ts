/** What the HPACK bench encodes: the requests of one page and their responses, as flat lists of names and values. */

const REQUEST = `
:method GET
:authority www.example.com
:scheme https
sec-ch-ua-platform "Linux"
user-agent Mozilla/5.0 (X11; Linux x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36
sec-ch-ua "Not/A)Brand";v="8", "Chromium";v="126", "Google Chrome";v="126"
sec-ch-ua-mobile ?0
accept-encoding gzip, deflate, br, zstd
accept-language en-GB,en;q=0.9,de;q=0.8
cookie session=5f2b7c1e9a4d4c8e8f1d
cookie theme=dark
cookie _ga=GA1.2.1234567890.1700000000
cookie consent=yes`

const PAGE = `
:path /articles/2024/the-long-road?utm_source=newsletter&page=2
cache-control max-age=0
upgrade-insecure-requests 1
accept text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,image/apng,*/*;q=0.8
sec-fetch-site same-origin
sec-fetch-mode navigate
sec-fetch-user ?1
sec-fetch-dest document
referer https://www.example.com/articles/2024/
if-none-match W/"3f1-18f2c7d4a10"
priority u=0, i`

const part = (path: string, accept: string, destination: string, priority: string): string => `
:path ${path}
accept ${accept}
sec-fetch-site same-origin
sec-fetch-mode no-cors
sec-fetch-dest ${destination}
referer https://www.example.com/articles/2024/the-long-road?utm_source=newsletter&page=2
priority ${priority}`

const PARTS = [
  part('/assets/site.5d41402abc4b.css', 'text/css,*/*;q=0.1', 'style', 'u=0'),
  part('/assets/reader.7d793037a076.css', 'text/css,*/*;q=0.1', 'style', 'u=0'),
  part('/assets/site.9e107d9d372b.js', '*/*', 'script', 'u=1'),
  part(
    '/images/long-road-1280.webp',
    'image/avif,image/webp,image/apng,image/svg+xml,image/*,*/*;q=0.8',
    'image',
    'u=2, i',
  ),
  part('/images/portrait.webp', 'image/avif,image/webp,image/apng,image/svg+xml,image/*,*/*;q=0.8', 'image', 'i'),
  part('/fonts/serif.woff2', '*/*', 'font', 'u=0'),
  part('/favicon.ico', 'image/avif,image/webp,image/apng,image/svg+xml,image/*,*/*;q=0.8', 'image', 'u=1, i'),
]

const response = (type: string, length: number, etag: string): string => `
:status 200
server skitai
date Sun, 06 Nov 1994 08:49:37 GMT
content-type ${type}
content-length ${length}
cache-control public, max-age=31536000, immutable
etag "${etag}"
last-modified Sun, 06 Nov 1994 08:49:37 GMT
vary accept-encoding
x-content-type-options nosniff`

const RESPONSES = [
  response('text/html; charset=utf-8', 48_213, 'bc55-18f2c7d4a10'),
  response('text/css; charset=utf-8', 20_118, '4e96-18f2c7d4a10'),
  response('text/css; charset=utf-8', 3112, 'c28-18f2c7d4a10'),
  response('text/javascript; charset=utf-8', 90_112, '16000-18f2c7d4a10'),
  response('image/webp', 180_226, '2c002-18f2c7d4a10'),
  response('image/webp', 12_004, '2ee4-18f2c7d4a10'),
  response('font/woff2', 31_004, '791c-18f2c7d4a10'),
  response('image/vnd.microsoft.icon', 1150, '47e-18f2c7d4a10'),
]

function listOf(text: string): string[] {
  return text
    .trim()
    .split('\n')
    .flatMap((line) => [line.slice(0, line.indexOf(' ')), line.slice(line.indexOf(' ') + 1)].map(constant))
}

/** The same text as a program has it that holds it as a constant: not as a part of another. */
function constant(text: string): string {
  return Object.keys({ [text]: true })[0]!
}

/** The lists by what they are. Pseudo-header fields come first, as they must. */
export const hpackLists: Readonly<Record<string, readonly (readonly string[])[]>> = {
  request: [PAGE, ...PARTS].map((own) => inOrder(listOf(REQUEST + own))),
  response: RESPONSES.map(listOf),
}

function inOrder(list: readonly string[]): string[] {
  const fields = Array.from({ length: list.length / 2 }, (_, i) => list.slice(2 * i, 2 * i + 2))
  const isPseudo = (field: readonly string[]): boolean => field[0]!.startsWith(':')
  return [...fields.filter(isPseudo), ...fields.filter((field) => !isPseudo(field))].flat()
}
