// A page that pushes its style sheet, over TLS: `npx skitai examples/push.js --tls-dev`. Browsers take no pushes any
// more, the other example does: `node examples/http2-client.js https://localhost:5000/ --insecure`
import skitai, { App } from 'skitai'

const app = new App({ push: true })

app.get('/', (was) => {
  was.push('/style.css') // nothing happens over HTTP/1.1, or when the client takes none
  return `<!doctype html><link rel="stylesheet" href="/style.css"><p>Hello over HTTP/${was.request.version}.</p>`
})

app.get('/style.css', (was) => was.response(200, 'p { color: teal }\n', { 'content-type': 'text/css' }))

skitai.mount('/', app)
const { url } = await skitai.run({ address: '127.0.0.1', port: 5000 })
console.log(`Open ${url}`)
