// A chart in words: the line below it, its legend, its notes and its table.
class ChartReading extends ChartDrawing {
  kindOf(field) {
    if (field === "when" && this.days) return { day: "date", week: "week", month: "month" }[this.choice("step")];
    if (this.days && field !== "when") return this.choice("unit") === "count" && (field === "count" || field === "y" || this.choice("step") !== "day") ? "whole" : "decimal";
    return this.table.find(([one]) => one === field)[1];
  }

  // The fields of a row that can be read, with their titles.
  fields() {
    const all = this.table.map(([field]) => [field, this.words[field]]);
    if (this.days !== "flow" || (this.choice("step") === "day" && this.choice("unit") === "count")) return all;
    const unit = words.unit[this.choice("unit")];
    return all.filter(([field]) => field !== "count").map(([field, title]) => [field, { mean: unit, earlier: words.unit.earlier }[field] ?? title]);
  }

  written(time) {
    return cell(time, this.kindOf("when"));
  }

  readings(time) {
    if (!this.isSingle) {
      const field = this.lines ? "y" : "mean";
      return this.named.map((one) => [one.title, cell(one.rows.find((row) => row.when === time)?.[field], this.kindOf(field)), one.role < 0 ? "var(--muted)" : `var(--c${one.role})`]);
    }
    const row = this.shown.find((one) => one.when === time);
    return this.fields().slice(1).map(([field, title]) => [title, cell(row[field], this.kindOf(field)), { count: "var(--bars)", mean: "var(--accent)", earlier: "var(--earlier)" }[field]]);
  }

  said(time) {
    const when = this.written(time);
    if (!this.isSingle) return fill(words.chart.reading, { when, value: this.readings(time).map(([title, value]) => `${title} ${value}`).join(", ") });
    const row = this.shown.find((one) => one.when === time) ?? {};
    const title = this.fields().find(([field]) => field === "mean")[1];
    const value = `${title.toLowerCase()} ${cell(row.mean, this.kindOf("mean"))}`;
    const isFew = !(Math.min(row.sum, row.sumEarlier) >= FEW);
    if (!row.earlier || row.mean === null || isFew) return fill(words.chart.reading, { when, value });
    const change = percent((row.mean / row.earlier - 1) * 100, true);
    return fill(words.chart.reading_change, { when, value, percent: change, earlier: cell(row.earlier, this.kindOf("mean")) });
  }

  tell() {
    const reading = this.find(".reading");
    const isEmpty = !this.shown.some((row) => (row.mean ?? row.y ?? row.ads ?? row.now ?? row.count ?? null) !== null);
    this.plot.classList.toggle("nothing", isEmpty);
    if (isEmpty) reading.textContent = this.choice("unit") === "index" && !this.year ? words.problem.no_index : words.problem.no_group;
    else reading.textContent = this.series.when ? this.said(Math.max(...this.shown.map((row) => row.when))) : "";
    this.find(".notes").textContent = this.notes().join(" ");
    this.find(".legend.fixed")?.toggleAttribute("hidden", !this.isSingle || this.choice("step") === "month" || this.choice("step") === "week");
    const keys = this.id === "counties" ? tileKeys(this) : this.isSingle ? [] : this.named.map(({ role, rows, title }) => [title, role < 0 ? "var(--muted)" : `var(--c${role})`, cell(rows.findLast((row) => (row.y ?? row.mean) !== null)?.[this.lines ? "y" : "mean"], this.kindOf(this.lines ? "y" : "mean"))]);
    this.find(".legend.lines")?.replaceChildren(...keys.map(([title, colour, value]) => {
      const item = element("li", title);
      item.prepend(element("span", "", { class: "key", style: `border-color: ${colour}` }));
      if (value) item.append(element("b", value));
      return item;
    }));
  }

  notes() {
    const found = [];
    if (this.marked?.length) found.push(fill(words.caveat.shaded, { spans: this.marked.map(([from, to]) => `${write.date(from)} – ${write.date(to)}`).slice(0, 3).join(", ") }));
    if (this.choice("unit") === "index" && this.year) found.push(fill(words.caveat.index, { year: this.year }));
    if (this.choice("unit") === "working") found.push(words.caveat.working);
    return found;
  }

  tabulate(isWhole = false) {
    if (!isWhole && !this.find("details").open) return;
    if (this.plot && !this.view) return;
    const shown = this.shown ?? this.rows();
    let columns = this.fields().map(([field, title]) => ({ title, kind: this.kindOf(field), field }));
    let rows;
    if (this.isSingle || this.id === "counties") rows = shown.map((row) => columns.map(({ field }) => row[field]));
    else if (this.named.length === 1) rows = this.named[0].rows.map((row) => columns.map(({ field }) => row[field]));
    else {
      const field = this.lines ? "y" : "mean";
      const byTime = this.named.map((one) => new Map(one.rows.map((row) => [row.when, row[field]])));
      columns = [columns[0], ...this.named.map(({ title }) => ({ title, kind: this.kindOf(field) }))];
      rows = this.named[0].rows.map(({ when }) => [when, ...byTime.map((one) => one.get(when))]);
    }
    if (this.series.when) rows.reverse();
    const before = columns.findIndex(({ field }) => field === "before");
    const isFew = (row) => before > 0 && !(Math.min(row[before - 1], row[before] ?? row[before - 1]) >= FEW);
    this.sorted = new Table(this.find("table"), columns, rows, isFew);
    this.section.dataset.drawn = "yes";
  }
}
