// The figures of a chart: read when they are wanted, and the rows that the controls choose of them.
const NARROW = 640;
const COLOURED = 5;

class ChartFigures {
  open() {
    return (this.opening ??= this.load().then(() => this.draw()));
  }

  async load() {
    await Promise.all([script(this.section.dataset.figures), this.plot && script(settings.vega)]);
    const { columns, ...rest } = window.jobMarket.figures[this.id];
    Object.assign(this, rest);
    this.cells = Object.fromEntries(Object.entries(columns).map(([key, column]) => [key, decoded(column)]));
    this.places = new Map();
    (this.cells.dimension ?? Object.values(this.cells)[0]).forEach((dimension, place) => {
      const key = this.cells.dimension ? `${dimension}/${this.cells.value[place]}` : "all/all";
      if (!this.places.has(key)) this.places.set(key, []);
      this.places.get(key).push(place);
    });
  }

  row(place) {
    const measure = this.choice("measure") ?? "";
    const row = {};
    for (const [field, column] of Object.entries(this.series)) row[field] = this.cells[column.replace("{measure}", measure)][place];
    return row;
  }

  // The rows of a group: as they are, or as days, weeks or months in the unit that was chosen.
  rowsOf(key) {
    const rows = (this.places.get(key) ?? []).map((place) => this.row(place));
    if (!this.days || !rows.length) return rows.filter((row) => this.isInRange(row.when, rows.at(-1).when));
    const times = rows.map((row) => row.when);
    this.year = baseYear(times);
    const field = this.days === "flow" ? "count" : "y";
    const wanted = { step: this.choice("step"), unit: this.choice("unit"), kind: this.days };
    const made = points(times, rows.map((row) => row[field]), wanted).filter((one) => this.isInRange(one.when, times.at(-1)));
    return this.days === "flow" ? made : made.map((one) => ({ ...one, y: one.mean }));
  }

  isInRange(when, last) {
    const range = this.choice("range");
    if (!when || !range || range === "all") return true;
    if (range !== "own") return when > last - Number(range) * DAY;
    const [from, to] = ["from", "to"].map((control) => this.form.elements[control].valueAsNumber);
    return !(when < from) && !(when > to);
  }

  // Groups of the dimension, the largest first, what is not known last.
  ranked() {
    const groups = [...this.places.keys()].filter((key) => key.startsWith(`${this.dimension}/`)).map((key) => {
      const rows = this.rowsOf(key);
      const size = this.series.closed ? rows.reduce((sum, row) => sum + row.closed, 0) : (this.places.get(key).map((place) => this.row(place).y).at(-1) ?? 0);
      return { group: key.slice(key.indexOf("/") + 1), rows, size };
    });
    return groups.sort((a, b) => (a.group === UNKNOWN) - (b.group === UNKNOWN) || b.size - a.size);
  }

  rows() {
    if (this.lines) {
      const picked = this.choice("highlight");
      const coloured = this.lines === "top" ? COLOURED : 1;
      this.groups = this.ranked().map((one, rank) => {
        const isUnknown = one.group === UNKNOWN;
        const rest = isUnknown && this.lines === "top" ? -2 : -1;
        const role = picked ? (one.group === picked ? 0 : rest) : !isUnknown && rank < coloured ? rank : rest;
        return { ...one, role, title: name(one.group, this.dimension) };
      });
      return this.groups.flatMap(({ group, role, rows }) => rows.map((row) => ({ ...row, group, role })));
    }
    if (this.pick === "group") {
      const keys = [this.choice("group") ?? "all/all", ...this.compared];
      this.groups = keys.map((group, role) => ({ group, role, title: groupName(group), rows: this.rowsOf(group) }));
      const extra = keys.length > 1 ? { count: null, earlier: null } : {};
      const isPoint = this.choice("step") !== "day";
      return this.groups.flatMap(({ group, role, rows }) => rows.map((row) => ({ ...row, ...extra, group, role, point: isPoint && rows.length < 90 })));
    }
    const keys = [...this.places.keys()].filter((key) => this.pick !== "dimension" || key.startsWith(`${this.dimension}/`));
    const rows = keys.flatMap((key) => this.places.get(key).map((place) => this.row(place)));
    return rows.map((row, rank) => decorated(this, row, rank));
  }

  get isNarrow() {
    return matchMedia(`(max-width: ${NARROW}px)`).matches;
  }

  // The groups that have a name at the end of their line: what is not known, too, as it may be the largest.
  get named() {
    return (this.groups ?? []).filter((one) => one.role >= 0 || (one.role === -2 && this.lines === "top" && !this.choice("highlight")));
  }

  get isSingle() {
    return !this.lines && (this.groups?.length ?? 1) < 2;
  }

  shownGroups() {
    return this.series.when ? this.named.map((one) => one.title).join(", ") : "";
  }
}
