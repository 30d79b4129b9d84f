// Days made into weeks or months, and counts into an index or a figure for each working day.
const isWorking = (time) => new Date(time).getUTCDay() % 6 !== 0 && !(time / DAY in settings.holidays);
const beginnings = {
  week: (time) => time - ((new Date(time).getUTCDay() + 6) % 7) * DAY,
  month: (time) => Date.UTC(new Date(time).getUTCFullYear(), new Date(time).getUTCMonth(), 1),
};
const ends = {
  week: (time) => time + 7 * DAY,
  month: (time) => Date.UTC(new Date(time).getUTCFullYear(), new Date(time).getUTCMonth() + 1, 1),
};
const yearEarlier = (time, step) => {
  if (step === "week") return time - 364 * DAY;
  const day = new Date(time);
  const isLeapDay = day.getUTCMonth() === 1 && day.getUTCDate() === 29;
  return Date.UTC(day.getUTCFullYear() - 1, day.getUTCMonth(), isLeapDay ? 28 : day.getUTCDate());
};

const spanOf = (when, times, counts, first, last) => {
  const span = { when, sum: 0, days: last - first, working: 0 };
  for (let at = first; at < last; at++) {
    span.sum = counts[at] === null || span.sum === null ? null : span.sum + counts[at]; // a day that is not covered
    span.working += isWorking(times[at]);
  }
  return span;
};

// Each day with the six before it (a stock needs no mean), or each whole week or month.
const spans = (times, counts, step, kind) => {
  if (step === "day") {
    const length = kind === "flow" ? 7 : 1;
    return times.map((when, at) => (at + 1 < length ? { when, sum: null } : spanOf(when, times, counts, at + 1 - length, at + 1)));
  }
  const found = [];
  for (let first = 0; first < times.length; ) {
    const when = beginnings[step](times[first]);
    let last = first;
    while (last < times.length && beginnings[step](times[last]) === when) last++;
    if (times[first] === when && times[last - 1] + DAY === ends[step](when)) found.push(spanOf(when, times, counts, first, last));
    first = last;
  }
  return found;
};

// The first calendar year that the days cover whole: the index is 100 there.
const baseYear = (times) => {
  const first = new Date(times[0]);
  const year = first.getUTCFullYear() + (first.getUTCMonth() || first.getUTCDate() > 1 ? 1 : 0);
  return times.at(-1) >= Date.UTC(year, 11, 31) ? year : undefined;
};
const rate = (span, kind) => (span.sum === null ? null : kind === "flow" ? (span.working ? span.sum / span.working : null) : span.sum / span.days);

const points = (times, counts, { step, unit, kind }) => {
  const year = baseYear(times);
  const inYear = (month) => times.indexOf(Date.UTC(year + (month > 11), month % 12, 1));
  const base = unit === "index" && year ? rate(spanOf(0, times, counts, inYear(0), inYear(0) + (Date.UTC(year + 1, 0, 1) - Date.UTC(year, 0, 1)) / DAY), kind) : null;
  const value = (span) => {
    if (!span || span.sum === null) return null;
    if (unit === "index") return base ? (100 * (rate(span, kind) ?? NaN)) / base || null : null;
    if (unit === "working") return rate(span, kind);
    return kind === "flow" && step !== "day" ? span.sum : span.sum / span.days;
  };
  const made = spans(times, counts, step, kind);
  const byTime = new Map(made.map((span) => [span.when, span]));
  return made.map((span, at) => {
    const earlier = byTime.get(yearEarlier(span.when, step));
    return {
      when: span.when,
      count: unit === "count" && step === "day" ? counts[at] : null,
      mean: value(span),
      earlier: value(earlier),
      sum: span.sum,
      sumEarlier: earlier?.sum ?? null,
    };
  });
};
