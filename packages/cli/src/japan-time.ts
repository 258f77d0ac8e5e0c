const format = new Intl.DateTimeFormat('sv-SE', {
  timeZone: 'Asia/Tokyo',
  dateStyle: 'short',
  timeStyle: 'medium',
});

/** `2026-11-24`, the day in Japan of an RFC 3339 time. */
export function japanDay(timestamp: string): string {
  return japanTime(timestamp).split(' ', 1)[0] ?? timestamp;
}

/** `2026-11-24 07:47:28 JST` of an RFC 3339 time; the text itself when it is none. */
export function japanTime(timestamp: string): string {
  const time = new Date(timestamp);
  return Number.isNaN(time.getTime()) ? timestamp : `${format.format(time)} JST`;
}

/** The first moment of a day in Japan (UTC+9), as RFC 3339 in UTC. */
export function startOfDayInJapan(day: string): string {
  return new Date(`${day}T00:00:00+09:00`).toISOString();
}
