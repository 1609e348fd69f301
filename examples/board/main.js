// A board with pictures: `node examples/board/main.js`, then open the address in two windows, and sign in as `ada` with
// the password `analytical engine`, or as `grace` with `nanosecond`. Over HTTPS and HTTP/2:
// `npx skitai examples/board/main.js --tls-dev`.
//
// With curl: curl -u 'ada:analytical engine' --json '{"text":"Hello"}' http://127.0.0.1:5000/api/posts

import skitai from 'skitai'
import { app } from './app.js'

skitai.mount('/', app)
const { url } = await skitai.run({ address: '127.0.0.1', port: 5000 })
console.log(`Open ${url} in two windows`)
