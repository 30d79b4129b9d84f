// Numbers, days and names as the page's language writes them.
window.jobMarket = { figures: {} };
const settings = JSON.parse(document.getElementById("settings").textContent);
const { words, values, tag } = settings;
const DAY = 86400000;
const FEW = 10;
const UNKNOWN = "Unknown";

const name = (value, dimension) => values[dimension]?.[value] ?? values.any[value] ?? value;
const number = (value, digits = 0) =>
  new Intl.NumberFormat(tag, { minimumFractionDigits: digits, maximumFractionDigits: digits }).format(value).replace("-", "\u2212");
const percent = (value, signed = false, digits = 1) =>
  (signed && value > 0 ? "+" : "") + number(value, digits) + (tag === "en-GB" ? "%" : "\u00a0%");
const inUtc = (options) => {
  const format = new Intl.DateTimeFormat(tag, { timeZone: "UTC", ...options });
  return (value) => format.format(value);
};
const write = {
  date: inUtc({ day: "numeric", month: "long", year: "numeric" }),
  month: inUtc({ month: "long", year: "numeric" }),
  text: (value) => value,
  whole: (value) => number(value),
  decimal: (value) => number(value, 1),
  share: (value) => percent(100 * value),
  percent: (value) => percent(value, true),
};
write.week = (value) => fill(words.chart.week, { day: write.date(value) });
const cell = (value, kind) => (value === null || value === undefined ? "–" : write[kind](value));
const fill = (text, filled) => text.replace(/{(\w+)}/g, (_, key) => filled[key]);

const element = (kind, text = "", attributes = {}) => {
  const made = document.createElement(kind);
  made.textContent = text;
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  return made;
};

const LOCALE = (() => {
  const part = (type) => new Intl.NumberFormat(tag).formatToParts(1234567.5).find((one) => one.type === type).value;
  const months = (style) => Array.from({ length: 12 }, (_, month) => inUtc({ month: style })(Date.UTC(2026, month, 1)).replace(".", ""));
  const weekdays = (style) => Array.from({ length: 7 }, (_, day) => inUtc({ weekday: style })(Date.UTC(2026, 1, 1 + day)));
  const date = tag === "en-GB" ? "%-d %b" : "%-d. %b";
  return {
    formatLocale: { decimal: part("decimal"), thousands: part("group"), grouping: [3], currency: ["", ""], percent: tag === "en-GB" ? "%" : "\u00a0%", minus: "\u2212" },
    timeFormatLocale: { dateTime: "%x %X", date, time: "%H:%M:%S", periods: ["", ""], days: weekdays("long"), shortDays: weekdays("short"), months: months("long"), shortMonths: months("short") },
  };
})();
