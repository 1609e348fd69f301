/** The dates of HTTP (RFC 9110 section 5.6.7). Points in time are milliseconds since 1970, UTC. */

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']
const DAYS = '(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)'
const LONG_DAYS = '(?:Monday|Tuesday|Wednesday|Thursday|Friday|Saturday|Sunday)'
const MONTH = `(${MONTHS.join('|')})`
const TIME = '(\\d\\d):(\\d\\d):(\\d\\d)'

const IMF_FIXDATE = new RegExp(`^${DAYS}, (\\d\\d) ${MONTH} (\\d{4}) ${TIME} GMT$`)
const RFC850_DATE = new RegExp(`^${LONG_DAYS}, (\\d\\d)-${MONTH}-(\\d\\d) ${TIME} GMT$`)
const ASCTIME_DATE = new RegExp(`^${DAYS} ${MONTH} (\\d\\d| \\d) ${TIME} (\\d{4})$`)

/** The IMF-fixdate form, in whole seconds. */
export function formatHttpDate(timeMs: number): string {
  return new Date(timeMs).toUTCString()
}

/**
 * Reads any of the three forms that a recipient must accept; NaN for all else. A two-digit year that appears to be more
 * than 50 years after `nowMs` is the last one in the past with these digits.
 */
export function parseHttpDate(text: string, nowMs: number): number {
  let parts = IMF_FIXDATE.exec(text)
  if (parts !== null) return timeOf(Number(parts[3]), parts[2], parts[1], parts, 4)
  parts = RFC850_DATE.exec(text)
  if (parts !== null) {
    const yearNow = new Date(nowMs).getUTCFullYear()
    let year = yearNow - (yearNow % 100) + Number(parts[3])
    if (year > yearNow + 50) year -= 100
    return timeOf(year, parts[2], parts[1], parts, 4)
  }
  parts = ASCTIME_DATE.exec(text)
  return parts === null ? Number.NaN : timeOf(Number(parts[6]), parts[1], parts[2], parts, 3)
}

/** The time of day stands in `parts` from index `clock` on. The name of the day is not compared with the date. */
function timeOf(
  year: number,
  monthName: string | undefined,
  dayText: string | undefined,
  parts: readonly (string | undefined)[],
  clock: number,
): number {
  const month = MONTHS.indexOf(monthName ?? '')
  const day = Number(dayText)
  const hour = Number(parts[clock])
  const minute = Number(parts[clock + 1])
  const second = Number(parts[clock + 2])
  // 60 is a leap second, which takes the number of the second after it.
  if (hour > 23 || minute > 59 || second > 60) return Number.NaN
  const date = new Date(Date.UTC(year, month, day))
  if (year < 100) date.setUTCFullYear(year)
  if (date.getUTCMonth() !== month || date.getUTCDate() !== day) return Number.NaN
  return date.getTime() + ((hour * 60 + minute) * 60 + second) * 1000
}
