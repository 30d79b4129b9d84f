// Reading a date off a chart, by pointer or by keyboard.
class Tip {
  constructor(chart) {
    Object.assign(this, { chart, plot: chart.plot, cursor: chart.find(".cursor"), box: chart.find(".tip"), at: undefined });
    this.plot.addEventListener("pointermove", (event) => this.point(event.clientX));
    this.plot.addEventListener("pointerdown", (event) => this.point(event.clientX));
    this.plot.addEventListener("pointerleave", () => this.hide());
    this.plot.addEventListener("blur", () => this.hide());
    this.plot.addEventListener("keydown", (event) => this.press(event));
  }

  press(event) {
    if (!this.chart.view) return;
    const times = this.times();
    const at = this.at === undefined ? times.length - 1 : times.indexOf(this.at);
    const next = { ArrowLeft: at - 1, ArrowRight: this.at === undefined ? at : at + 1, Home: 0, End: times.length - 1 }[event.key];
    if (event.key === "Escape") this.hide();
    if (next === undefined) return;
    event.preventDefault();
    this.show(times[Math.max(0, Math.min(times.length - 1, next))]);
    this.chart.find(".reading").textContent = this.chart.said(this.at);
  }

  times() {
    return [...new Set(this.chart.shown.map((row) => row.when))].sort((a, b) => a - b);
  }

  point(clientX) {
    const { view, shown } = this.chart;
    if (!view || !shown?.length) return;
    const left = clientX - this.plot.getBoundingClientRect().left - view.origin()[0];
    const wanted = +view.scale("x").invert(left);
    this.show(this.times().reduce((best, time) => (Math.abs(time - wanted) < Math.abs(best - wanted) ? time : best)));
  }

  show(time) {
    this.at = time;
    const { view } = this.chart;
    const [left, top] = view.origin();
    const x = left + view.scale("x")(time);
    this.cursor.hidden = this.box.hidden = false;
    Object.assign(this.cursor.style, { left: `${x}px`, top: `${top}px`, height: `${Math.max(...view.scale("y").range())}px` });
    const lines = this.chart.readings(time).map(([text, value, colour]) => {
      const line = element("div");
      const label = element("span", text);
      if (colour) label.prepend(element("i", "", { style: `background:${colour}` }));
      line.append(label, element("span", value));
      return line;
    });
    const holiday = this.chart.choice("step") === "day" && settings.holidays[time / DAY];
    if (holiday) lines.push(element("div", holiday, { class: "holiday" }));
    this.box.replaceChildren(element("strong", this.chart.written(time)), ...lines);
    const room = this.plot.clientWidth;
    const width = this.box.offsetWidth;
    this.box.style.left = `${Math.max(0, Math.min(room - width, x + 14 + width > room ? x - width - 14 : x + 14))}px`;
    this.box.style.top = `${top + 4}px`;
  }

  hide() {
    this.at = undefined;
    this.cursor.hidden = this.box.hidden = true;
  }
}
