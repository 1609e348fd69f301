// Posts of others appear as they are written. Their HTML comes out of the templates of the server, which have escaped
// all that people have written.
const find = (id) => document.getElementById(id)
const posts = find('posts')

finish(document)
if (posts) watch(new EventSource(posts.dataset.events))

function watch(events) {
  events.addEventListener('open', () => (find('state').textContent = 'Live'))
  events.addEventListener('error', () => (find('state').textContent = 'Connection lost, trying again …'))
  events.addEventListener('post', ({ data }) => {
    const { id, card, thumbnail } = JSON.parse(data)
    if (find(`post-${id}`)) return
    posts.insertAdjacentHTML('afterbegin', card)
    find('pictures').insertAdjacentHTML('afterbegin', thumbnail)
    finish(find(`post-${id}`))
  })
}

/** What only the browser knows: the time zone and the language of its user; and a colour for each name. */
function finish(part) {
  for (const time of part.querySelectorAll('time'))
    time.textContent = new Date(time.dateTime).toLocaleString([], { dateStyle: 'medium', timeStyle: 'short' })
  for (const face of part.querySelectorAll('.face')) face.style.setProperty('--hue', hueOf(face.dataset.name))
}

function hueOf(name) {
  let hue = 0
  for (const character of name) hue = (hue * 31 + character.codePointAt(0)) % 360
  return String(hue)
}
