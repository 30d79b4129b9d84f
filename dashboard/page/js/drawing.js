// The drawing of a chart, by Vega.
class ChartDrawing extends ChartFigures {
  draw() {
    return (this.drawing = this.drawing.then(() => (this.plot ? this.redraw() : this.tabulate(true))));
  }

  async redraw() {
    this.tip?.hide();
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
    if (this.reads("seasons")) this.view.data("seasons", this.days ? this.seasons() : []);
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
    if (!this.reads("labels") || (this.isNarrow && !this.isSingle)) return [];
    const field = this.lines ? "y" : "mean";
    return this.named.flatMap(({ role, rows, title }) => {
      const last = rows.findLast((row) => row[field] !== null);
      return last ? [{ when: last.when, [field]: last[field], role, label: this.isSingle ? cell(last.mean, this.kindOf("mean")) : title }] : [];
    });
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

  // Spans of [first, last] days that lie in what is shown.
  within(spans) {
    const times = this.shown.map((row) => row.when);
    const [first, last] = [Math.min(...times), Math.max(...times)];
    return spans.map(([from, to, ...rest]) => [Math.max(first, from * DAY), Math.min(last, (to + 1) * DAY), ...rest]).filter(([from, to]) => from < to);
  }

  shade() {
    const isPart = this.lines || this.groups?.some((one) => one.group !== "all/all") || !this.days;
    this.marked = isPart && this.shown.length ? this.within(this.shaded) : [];
    return this.marked.map(([when, until]) => ({ when, until }));
  }

  seasons() {
    const times = this.shown.map((row) => row.when);
    const days = (Math.max(...times) - Math.min(...times)) / DAY;
    const isNamed = days < 1.3 * this.plot.clientWidth;
    return this.within(settings.seasons).map(([when, until, season]) => ({ when, until, label: isNamed && days > 60 ? words.season[season] : "" }));
  }
}
