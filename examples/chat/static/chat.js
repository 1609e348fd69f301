// Everything that others have written is put into the page as text, never as markup.
const find = (id) => document.getElementById(id)
const room = new URLSearchParams(location.search).get('room') || 'lobby'
find('room').textContent = room

const RETRY_MS_MAX = 10_000
let retryMs = 500
let socket

const named = new URLSearchParams(location.search).get('name')
if (named) talkAs(named)
else {
  find('welcome').showModal()
  find('enter').addEventListener('submit', () => talkAs(find('name').value), { once: true })
}

function talkAs(name) {
  const address = new URL(`talk?${new URLSearchParams({ room, name })}`, location.href)
  address.protocol = location.protocol === 'https:' ? 'wss:' : 'ws:'
  socket = new WebSocket(address)
  socket.addEventListener('open', () => {
    retryMs = 500
    enable(true)
    find('text').focus()
  })
  socket.addEventListener('message', ({ data }) => show(JSON.parse(data), name))
  socket.addEventListener('close', () => {
    enable(false)
    find('state').textContent = 'connection lost, trying again …'
    setTimeout(talkAs, retryMs, name)
    retryMs = Math.min(retryMs * 2, RETRY_MS_MAX)
  })
}

find('say').addEventListener('submit', (event) => {
  event.preventDefault()
  const text = find('text').value.trim()
  if (text === '' || socket.readyState !== WebSocket.OPEN) return
  socket.send(JSON.stringify({ text }))
  find('text').value = ''
})

function enable(open) {
  find('text').disabled = !open
  find('say').querySelector('button').disabled = !open
}

function show(message, self) {
  const log = find('log')
  const atEnd = log.scrollHeight - log.scrollTop - log.clientHeight < 40
  if (message.names) showPeople(message.names)
  if (message.type === 'said') log.append(saying(message, self))
  else log.append(element('li', 'note', `${message.name} ${message.type === 'enter' ? 'came in' : 'left'}`))
  if (atEnd) log.scrollTop = log.scrollHeight
}

function showPeople(names) {
  find('state').textContent = names.length === 1 ? 'only you are here' : `${names.length} people are here`
  find('people').replaceChildren(...names.slice(0, 8).map((name) => face('li', name)))
}

function saying({ name, text, at }, self) {
  const item = element('li', name === self ? 'said own' : 'said')
  const bubble = element('div', 'bubble')
  const head = element('small')
  head.append(element('b', '', name), element('time', '', new Date(at).toLocaleTimeString([], { timeStyle: 'short' })))
  bubble.append(head, text)
  item.append(face('div', name), bubble)
  item.style.setProperty('--hue', hueOf(name))
  return item
}

function face(kind, name) {
  const item = element(kind, 'face', [...name][0].toUpperCase())
  item.title = name
  item.style.setProperty('--hue', hueOf(name))
  return item
}

function element(kind, className = '', text = '') {
  const made = document.createElement(kind)
  made.className = className
  made.textContent = text
  return made
}

/** The same name has the same colour in every window. */
function hueOf(name) {
  let hue = 0
  for (const character of name) hue = (hue * 31 + character.codePointAt(0)) % 360
  return String(hue)
}
