/** What the parsers are fed: whole messages, and how many there are in one input. */

/** One input of the engine bench. */
export interface BenchInput {
  readonly name: string
  readonly bytes: Uint8Array
  /** How many requests the input holds. */
  readonly messages: number
  /** What every parser must find in it: see `Findings`. */
  readonly fields: number
  readonly contentBytes: number
  /** Characters of all methods, targets, field names and field values. */
  readonly characters: number
}

const BODY_BYTES = 65_536
const CHUNK_BYTES = 4096
const PIPELINED = 16

const SMALL = ['GET / HTTP/1.1', 'Host: localhost:5000', '', ''].join('\r\n')

/** What a desktop browser sends for a page behind a login. */
const BROWSER = [
  'GET /articles/2024/the-long-road?utm_source=newsletter&page=2 HTTP/1.1',
  'Host: www.example.com',
  'Connection: keep-alive',
  'Cache-Control: max-age=0',
  'sec-ch-ua: "Not/A)Brand";v="8", "Chromium";v="126", "Google Chrome";v="126"',
  'sec-ch-ua-mobile: ?0',
  'sec-ch-ua-platform: "Linux"',
  'Upgrade-Insecure-Requests: 1',
  'User-Agent: Mozilla/5.0 (X11; Linux x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36',
  'Accept: text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,image/apng,*/*;q=0.8',
  'Sec-Fetch-Site: same-origin',
  'Sec-Fetch-Mode: navigate',
  'Sec-Fetch-User: ?1',
  'Sec-Fetch-Dest: document',
  'Referer: https://www.example.com/articles/2024/',
  'Accept-Encoding: gzip, deflate, br, zstd',
  'Accept-Language: en-GB,en;q=0.9,de;q=0.8',
  'Cookie: session=5f2b7c1e9a4d4c8e8f1d; theme=dark; _ga=GA1.2.1234567890.1700000000; consent=yes',
  'If-None-Match: W/"3f1-18f2c7d4a10"',
  '',
  '',
].join('\r\n')

/** The inputs, each with what is to be found in it. */
export function benchInputs(): BenchInput[] {
  const body = 'x'.repeat(BODY_BYTES)
  const chunks = Array.from({ length: BODY_BYTES / CHUNK_BYTES }, () => {
    return `${CHUNK_BYTES.toString(16)}\r\n${'x'.repeat(CHUNK_BYTES)}\r\n`
  })
  const post = ['POST /upload HTTP/1.1', 'Host: localhost:5000', 'Content-Type: application/octet-stream']
  return [
    input('small GET', SMALL, { fields: 1 }),
    input('browser head', BROWSER, { fields: 18 }),
    input('different browser heads', differentHeads(), { fields: 18 * PIPELINED, messages: PIPELINED }),
    input('64 KiB POST', [...post, `Content-Length: ${BODY_BYTES}`, '', body].join('\r\n'), {
      fields: 3,
      contentBytes: BODY_BYTES,
    }),
    input('64 KiB chunked', [...post, 'Transfer-Encoding: chunked', '', `${chunks.join('')}0\r\n\r\n`].join('\r\n'), {
      fields: 3,
      contentBytes: BODY_BYTES,
    }),
    input('16 pipelined', SMALL.repeat(PIPELINED), { fields: PIPELINED, messages: PIPELINED }),
  ]
}

/** Heads of which no two have the same field section: none can be recognised as one that came before. */
function differentHeads(): string {
  return Array.from({ length: PIPELINED }, (_, index) => BROWSER.replace('4d4c8e8f', `4d4c${4096 + index}`)).join('')
}

function input(
  name: string,
  text: string,
  found: { fields: number; messages?: number; contentBytes?: number },
): BenchInput {
  const { messages = 1, contentBytes = 0, fields } = found
  const heads = text.split('\r\n').slice(0, messages === 1 ? fields + 1 : undefined)
  const characters = heads.reduce((sum, line) => sum + charactersOf(line), 0)
  return { name, bytes: Buffer.from(text, 'latin1'), messages, contentBytes, fields, characters }
}

/** A request line without blanks and version, a field line without colon and blank. */
function charactersOf(line: string): number {
  if (line.endsWith(' HTTP/1.1')) return line.length - ' '.length - ' HTTP/1.1'.length
  return line === '' ? 0 : line.length - ': '.length
}

/** The input as chunks of `size` octets; 0 for whole. */
export function chunksOf(bytes: Uint8Array, size: number): Uint8Array[] {
  if (size === 0) return [bytes]
  const chunks: Uint8Array[] = []
  for (let at = 0; at < bytes.length; at += size) chunks.push(bytes.subarray(at, at + size))
  return chunks
}
