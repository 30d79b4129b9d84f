// Draws the charts from the JSON beside them, and lets the reader choose what they show.
const settings = JSON.parse(document.getElementById("settings").textContent);
const { words, values, tag } = settings;
const DAY = 86400000;
const NARROW = 640;

const name = (value) => values[value] ?? value;
const number = (value, digits = 0) =>
  new Intl.NumberFormat(tag, { minimumFractionDigits: digits, maximumFractionDigits: digits }).format(value).replace("-", "\u2212");
const percent = (value, signed = false) =>
  (signed && value > 0 ? "+" : "") + number(value, 1) + (tag === "en-GB" ? "%" : "\u00a0%");
const inUtc = (options) => {
  const format = new Intl.DateTimeFormat(tag, { timeZone: "UTC", ...options });
  return (value) => format.format(value);
};
const write = {
  date: inUtc({ day: "numeric", month: "long", year: "numeric" }),
  month: inUtc({ month: "long", year: "numeric" }),
  text: name,
  whole: (value) => number(value),
  decimal: (value) => number(value, 1),
  share: (value) => percent(100 * value),
  percent: (value) => percent(value, true),
};
const cell = (value, kind) => (value === null || value === undefined ? "–" : write[kind](value));
const fill = (text, filled) => text.replace(/{(\w+)}/g, (_, key) => filled[key]);

const LOCALE = (() => {
  const part = (options, type) => new Intl.NumberFormat(tag, options).formatToParts(1234567.5).find((one) => one.type === type).value;
  const months = (style) => Array.from({ length: 12 }, (_, month) => inUtc({ month: style })(Date.UTC(2026, month, 1)).replace(".", ""));
  const weekdays = (style) => Array.from({ length: 7 }, (_, day) => inUtc({ weekday: style })(Date.UTC(2026, 1, 1 + day)));
  return {
    formatLocale: { decimal: part({}, "decimal"), thousands: part({}, "group"), grouping: [3], currency: ["", ""], percent: tag === "en-GB" ? "%" : "\u00a0%", minus: "\u2212" },
    timeFormatLocale: { dateTime: "%x %X", date: "%d.%m.%Y", time: "%H:%M:%S", periods: ["", ""], days: weekdays("long"), shortDays: weekdays("short"), months: months("long"), shortMonths: months("short") },
  };
})();

// ---- the data: the reverse of encode.py

const unrolled = (runs) => {
  const numbers = [];
  for (let at = 0; at < runs.length; at += 2) for (let left = runs[at + 1]; left > 0; left--) numbers.push(runs[at]);
  return numbers;
};
const decoded = (column) => {
  if (column.names) return unrolled(column.runs).map((place) => column.names[place]);
  if (!column.steps) return column;
  let day = 0;
  return unrolled(column.steps).map((step) => (day += step) * DAY);
};

class Chart {
  constructor(section) {
    this.section = section;
    this.id = section.id;
    this.find = (selector) => section.querySelector(selector);
    const payload = JSON.parse(this.find(".payload").textContent);
    Object.assign(this, payload);
    this.words = settings.charts[this.id];
    this.cells = Object.fromEntries(Object.entries(payload.columns).map(([key, column]) => [key, decoded(column)]));
    this.places = new Map();
    (this.cells.dimension ?? Object.values(this.cells)[0]).forEach((dimension, place) => {
      const key = this.cells.dimension ? `${dimension}/${this.cells.value[place]}` : "all/all";
      if (!this.places.has(key)) this.places.set(key, []);
      this.places.get(key).push(place);
    });
    this.plot = this.find(".plot");
    this.form = this.find(".controls");
    this.form?.addEventListener("change", (event) => this.choose(event.target));
    this.form?.addEventListener("submit", (event) => event.preventDefault());
    this.find("details").addEventListener("toggle", () => this.tabulate());
    if (this.series.when) this.listen();
    this.offer();
  }

  choice(control) {
    const chosen = this.form?.elements[control];
    return chosen ? chosen.value : undefined;
  }

  get dimension() {
    return this.choice("dimension") ?? (this.pick === "dimension" ? this.dimensions[0] : undefined);
  }

  // The values to pick out are those of the dimension that is shown.
  offer() {
    const select = this.lines && this.form?.elements.highlight;
    if (!select) return;
    this.options ??= [...select.options];
    select.replaceChildren(...this.options.filter((option) => !option.dataset.dimension || option.dataset.dimension === this.dimension));
    select.value = this.lines === "top" ? "" : this.ranked()[0]?.group;
  }

  choose(control) {
    if (control.name === "dimension") this.offer();
    this.isChosen = true;
    this.draw();
  }

  row(place) {
    const measure = this.choice("measure") ?? "";
    const row = {};
    for (const [field, column] of Object.entries(this.series)) row[field] = this.cells[column.replace("{measure}", measure)][place];
    return row;
  }

  // Groups of the dimension, the largest first, what is not known last.
  ranked() {
    const groups = [];
    for (const [key, places] of this.places) {
      const [dimension, ...rest] = key.split("/");
      if (dimension !== this.dimension) continue;
      const rows = places.map((place) => this.row(place));
      const size = this.series.closed ? rows.reduce((sum, row) => sum + row.closed, 0) : rows.at(-1).y;
      groups.push({ group: rest.join("/"), rows, size });
    }
    return groups.sort((a, b) => (a.group === "Unknown") - (b.group === "Unknown") || b.size - a.size);
  }

  rows() {
    if (this.lines) {
      const picked = this.choice("highlight");
      const coloured = this.lines === "top" ? 5 : 1;
      this.groups = this.ranked().map((one, rank) => {
        const isUnknown = one.group === "Unknown";
        const role = picked ? (one.group === picked ? 0 : isUnknown ? -2 : -1) : isUnknown ? -2 : rank < coloured ? rank : -1;
        return { ...one, role };
      });
      return this.groups.flatMap(({ group, role, rows }) => rows.map((row) => ({ ...row, group, role })));
    }
    if (this.pick === "dimension") return this.ofDimension();
    const places = this.places.get(this.choice("group") ?? "all/all") ?? [];
    return places.map((place) => this.decorated(this.row(place)));
  }

  ofDimension() {
    const rows = [...this.places].filter(([key]) => key.startsWith(`${this.dimension}/`)).flatMap(([, places]) => places.map((place) => this.row(place)));
    return rows.sort((a, b) => (a.label === "Unknown") - (b.label === "Unknown")).map((row) => this.decorated(row));
  }

  decorated(row) {
    if (this.id === "sources") row.place = { Deltid: 0 }[row.extent] ?? 1;
    if ("percent" in row) {
      row.furthest = Math.max(row.this_year, row.last_year);
      const difference = (row.difference > 0 ? "+" : "") + number(row.difference);
      row.change = row.percent === null ? difference : this.isNarrow ? percent(row.percent, true) : `${percent(row.percent, true)} (${difference})`;
    }
    if (row.label !== undefined) row.label = name(row.label);
    return row;
  }

  get isNarrow() {
    return this.section.clientWidth < NARROW && matchMedia(`(max-width: ${NARROW}px)`).matches;
  }

  // ---- drawing

  async draw() {
    this.hide();
    const rows = (this.shown = this.rows());
    const height = this.rowHeight ? new Set(rows.map((row) => row.label)).size * this.rowHeight + 46 : this.height;
    this.plot.style.height = `${height}px`;
    if (!this.view) {
      const options = { mode: "vega", renderer: "svg", actions: false, tooltip: false, hover: false, defaultStyle: false, logLevel: 1, ...LOCALE };
      this.view = (await vegaEmbed(this.find(".canvas"), this.spec, options)).view;
    }
    const labels = this.labels();
    this.view.height(height);
    this.view.data("rows", rows.map((row) => ({ ...row })));
    if (this.reads("labels")) this.view.data("labels", labels.map((one) => ({ ...one })));
    if (this.reads("shaded")) this.view.data("shaded", this.shade());
    await this.view.resize().runAsync();
    if (labels.length) await this.view.data("labels", this.apart(labels)).runAsync();
    this.tell();
    if (this.isChosen) this.tabulate();
    this.section.dataset.drawn = "yes";
  }

  // Whether the drawing has a place for data of that name.
  reads(data) {
    return this.spec.data.some((one) => one.name === data);
  }

  labels() {
    if (!this.reads("labels")) return [];
    if (!this.lines) {
      const last = this.shown.findLast((row) => row.mean !== null);
      return last ? [{ when: last.when, mean: last.mean, role: 0, label: cell(last.mean, this.kindOf("mean")) }] : [];
    }
    if (this.isNarrow) return [];
    return this.groups.filter((one) => one.role >= 0).flatMap(({ group, role, rows }) => {
      const last = rows.findLast((row) => row.y !== null);
      return last ? [{ when: last.when, y: last.y, role, label: name(group) }] : [];
    });
  }

  kindOf(field) {
    return this.table.find(([one]) => one === field)[1];
  }

  // Labels that would lie upon one another are moved apart, no further than the chart is high.
  apart(labels) {
    const scale = this.view.scale("y");
    const field = "y" in labels[0] ? "y" : "mean";
    const placed = labels.map((label) => ({ label, at: scale(label[field]) })).sort((a, b) => a.at - b.at);
    const [bottom, gap] = [Math.max(...scale.range()), 16];
    placed.forEach((one, place) => { if (place) one.at = Math.max(one.at, placed[place - 1].at + gap); });
    for (let place = placed.length - 1; place >= 0; place--) {
      const below = place === placed.length - 1 ? bottom + gap : placed[place + 1].at;
      placed[place].at = Math.min(placed[place].at, below - gap);
    }
    return placed.map(({ label, at }) => ({ ...label, [field]: scale.invert(at) }));
  }

  shade() {
    const isPart = this.lines || (this.choice("group") ?? "all/all") !== "all/all";
    const caveat = this.find(".shaded-caveat");
    caveat.textContent = "";
    if (!isPart || !this.hasUnknownPast || !this.shown.length) return [];
    const times = this.shown.map((row) => row.when);
    const until = this.knownFrom === null ? Math.max(...times) : this.knownFrom * DAY;
    caveat.textContent = this.knownFrom === null ? words.caveat.shaded_all : fill(words.caveat.shaded, { day: write.date(until) });
    return [{ when: Math.min(...times), until }];
  }

  // ---- in words

  tell() {
    const reading = this.find(".reading");
    const isEmpty = !this.shown.some((row) => (row.mean ?? row.y ?? row.ads ?? row.this_year ?? row.count ?? null) !== null);
    this.plot.classList.toggle("nothing", isEmpty);
    if (isEmpty) reading.textContent = words.problem.no_group;
    else if (this.series.when) reading.textContent = this.said(Math.max(...this.shown.map((row) => row.when)));
    else reading.textContent = "";
    const legend = this.find(".legend.lines");
    legend?.replaceChildren(...this.groups.filter((one) => one.role >= 0).map(({ group, role, rows }) => {
      const item = document.createElement("li");
      item.innerHTML = `<span class="key" style="border-color: var(--c${role})"></span>`;
      item.append(name(group));
      const last = document.createElement("b");
      last.textContent = cell(rows.findLast((row) => row.y !== null)?.y, this.kindOf("y"));
      item.append(last);
      return item;
    }));
  }

  said(time) {
    const when = cell(time, this.kindOf("when"));
    if (this.lines) {
      const parts = this.groups.filter((one) => one.role >= 0).map((one) => `${name(one.group)} ${cell(one.rows.find((row) => row.when === time)?.y, this.kindOf("y"))}`);
      return fill(words.chart.reading, { when, value: parts.join(", ") });
    }
    const row = this.shown.find((one) => one.when === time) ?? {};
    const kind = this.kindOf("mean");
    const value = `${this.words.mean.toLowerCase()} ${cell(row.mean, kind)}`;
    if (!row.earlier || row.mean === null) return fill(words.chart.reading, { when, value });
    const change = percent((row.mean / row.earlier - 1) * 100, true);
    return fill(words.chart.reading_change, { when, value, percent: change, earlier: cell(row.earlier, kind) });
  }

  tabulate() {
    if (!this.isChosen || !this.find("details").open) return;
    const lines = this.lines ? this.groups.filter((one) => one.role >= 0) : [];
    const isPivot = lines.length > 1;
    const titles = isPivot ? [this.words.when, ...lines.map((one) => name(one.group))] : this.table.map(([field]) => this.words[field]);
    let rows = lines.length ? lines[0].rows : this.shown;
    if (this.series.when) rows = [...rows].reverse();
    const byTime = lines.map((one) => new Map(one.rows.map((row) => [row.when, row.y])));
    const cells = rows.slice(0, settings.tableRows).map((row) =>
      isPivot ? [cell(row.when, this.kindOf("when")), ...byTime.map((one) => cell(one.get(row.when), this.kindOf("y")))] : this.table.map(([field, kind]) => cell(row[field], kind)),
    );
    const element = (kind, text, scope) => {
      const made = document.createElement(kind);
      made.textContent = text;
      if (scope) made.scope = scope;
      return made;
    };
    const line = (cells_, first, scope, rest) => {
      const made = document.createElement("tr");
      made.append(...cells_.map((text, place) => (place && rest === "td" ? element("td", text) : element("th", text, place ? "col" : scope))));
      return made;
    };
    this.find("thead").replaceChildren(line(titles, "th", "col", "th"));
    this.find("tbody").replaceChildren(...cells.map((one) => line(one, "th", "row", "td")));
  }

  // ---- reading a date off the chart, by pointer or by keyboard

  listen() {
    this.plot.addEventListener("pointermove", (event) => this.point(event.clientX));
    this.plot.addEventListener("pointerdown", (event) => this.point(event.clientX));
    this.plot.addEventListener("pointerleave", () => this.hide());
    this.plot.addEventListener("blur", () => this.hide());
    this.plot.addEventListener("keydown", (event) => {
      const times = this.times();
      const at = this.at === undefined ? times.length - 1 : times.indexOf(this.at);
      const next = { ArrowLeft: at - 1, ArrowRight: this.at === undefined ? at : at + 1, Home: 0, End: times.length - 1 }[event.key];
      if (event.key === "Escape") this.hide();
      if (next === undefined) return;
      event.preventDefault();
      this.show(times[Math.max(0, Math.min(times.length - 1, next))]);
      this.find(".reading").textContent = this.said(this.at);
    });
  }

  times() {
    return [...new Set(this.shown.map((row) => row.when))].sort((a, b) => a - b);
  }

  point(clientX) {
    if (!this.view || !this.shown?.length) return;
    const left = clientX - this.plot.getBoundingClientRect().left - this.view.origin()[0];
    const wanted = +this.view.scale("x").invert(left);
    this.show(this.times().reduce((best, time) => (Math.abs(time - wanted) < Math.abs(best - wanted) ? time : best)));
  }

  show(time) {
    this.at = time;
    const [cursor, tip] = [this.find(".cursor"), this.find(".tip")];
    const [left, top] = this.view.origin();
    const x = left + this.view.scale("x")(time);
    cursor.hidden = tip.hidden = false;
    Object.assign(cursor.style, { left: `${x}px`, top: `${top}px`, height: `${Math.max(...this.view.scale("y").range())}px` });
    const lines = this.lines
      ? this.groups.filter((one) => one.role >= 0).map((one) => [name(one.group), cell(one.rows.find((row) => row.when === time)?.y, this.kindOf("y")), `var(--c${one.role})`])
      : this.table.slice(1).map(([field, kind]) => [this.words[field], cell(this.shown.find((row) => row.when === time)[field], kind), { count: "var(--bars)", mean: "var(--accent)", earlier: "var(--earlier)" }[field]]);
    const title = document.createElement("strong");
    title.textContent = cell(time, this.kindOf("when"));
    tip.replaceChildren(title, ...lines.map(([text, value, colour]) => {
      const line = document.createElement("div");
      const label = document.createElement("span");
      if (colour) label.innerHTML = `<i style="background:${colour}"></i>`;
      label.append(text);
      const shown = document.createElement("span");
      shown.textContent = value;
      line.append(label, shown);
      return line;
    }));
    const room = this.plot.clientWidth;
    const width = tip.offsetWidth;
    tip.style.left = `${Math.max(0, Math.min(room - width, x + 14 + width > room ? x - width - 14 : x + 14))}px`;
    tip.style.top = `${top + 4}px`;
  }

  hide() {
    this.at = undefined;
    this.find(".cursor").hidden = this.find(".tip").hidden = true;
  }
}

// ---- how old the data is now, not when the page was made

const aged = (minutes) => {
  for (const [unit, length] of [["day", 1440], ["hour", 60]]) {
    if (minutes >= 2 * length) return fill(words.age[`${unit}s`], { n: number(Math.floor(minutes / length)) });
    if (minutes >= length) return words.age[unit];
  }
  return fill(words.age.minutes, { n: Math.max(0, Math.floor(minutes)) });
};
const age = document.getElementById("age");
if (age) {
  const minutes = (Date.now() - Date.parse(age.dataset.at)) / 60000;
  age.textContent = `, ${fill(words.page.updated_ago, { age: aged(minutes) })}`;
  if (minutes > settings.staleAfterHours * 60 && !settings.isWarnedOfAge) {
    const warnings = document.getElementById("warnings");
    const item = document.createElement("li");
    item.textContent = fill(words.warning.stale, { age: aged(minutes) });
    warnings.querySelector("ul").prepend(item);
    warnings.hidden = false;
    document.querySelector(".dot").className = "dot bad";
  }
}

const charts = [...document.querySelectorAll("section.chart")].filter((section) => section.querySelector(".payload")).map((section) => new Chart(section));
window.charts = Object.fromEntries(charts.map((chart) => [chart.id, chart]));
for (const chart of charts) {
  await chart.draw();
  await new Promise((done) => setTimeout(done));
}
matchMedia(`(max-width: ${NARROW}px)`).addEventListener("change", () => charts.forEach((chart) => chart.draw()));
document.body.dataset.drawn = "yes";
