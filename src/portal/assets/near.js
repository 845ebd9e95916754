// Sorts venues by distance from the reader, in this browser only, and only when asked. The position is not sent.
const button = document.getElementById('near')
const status = document.getElementById('near-status')
const list = document.getElementById('venues')

/** Metres between two places on a sphere (haversine formula). */
function metres([latA, lonA], [latB, lonB]) {
  const radians = (degrees) => (degrees * Math.PI) / 180
  const h =
    Math.sin(radians(latB - latA) / 2) ** 2 +
    Math.cos(radians(latA)) * Math.cos(radians(latB)) * Math.sin(radians(lonB - lonA) / 2) ** 2
  return 2 * 6371008.8 * Math.asin(Math.min(1, Math.sqrt(h)))
}

/** Marks the reader's place on the map. */
function mark([lat, lon]) {
  const map = document.querySelector('svg[data-map]')
  if (map === null) return
  const [west, north, squeeze, scale, left, top] = map.dataset.map.split(' ').map(Number)
  map.querySelector('.here')?.remove()
  const circle = document.createElementNS('http://www.w3.org/2000/svg', 'circle')
  circle.setAttribute('class', 'here')
  circle.setAttribute('cx', String(left + (lon - west) * squeeze * scale))
  circle.setAttribute('cy', String(top + (north - lat) * scale))
  circle.setAttribute('r', '8')
  map.append(circle)
}

function sort(here) {
  const items = [...list.children].map((item) => ({
    item,
    distance: metres(here, [Number(item.dataset.lat), Number(item.dataset.lon)]),
  }))
  items.sort((a, b) => a.distance - b.distance)
  for (const { item, distance } of items) {
    item.querySelector('.distance').textContent =
      `${Math.round(distance).toLocaleString('en-US')} ${button.dataset.metres}`
    list.append(item)
  }
  mark(here)
  status.textContent = '✓'
}

if ('geolocation' in navigator && list.children.length > 0) {
  button.hidden = false
  button.addEventListener('click', () => {
    navigator.geolocation.getCurrentPosition(
      ({ coords }) => sort([coords.latitude, coords.longitude]),
      () => {
        status.textContent = button.dataset.refused
      },
    )
  })
}
