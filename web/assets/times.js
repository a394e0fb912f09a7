// Moments in the reader's zone and language; the exact one stays in the title.

const format = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });

/** Rewrites the moments of a part of a page. */
export function localTimes(part) {
  for (const time of part.querySelectorAll("time[datetime]:not([title])")) {
    time.title = time.dateTime;
    time.textContent = format.format(new Date(time.dateTime));
  }
}
