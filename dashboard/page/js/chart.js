// One chart of the page: its controls, and the address that remembers what they chose.
const printing = { isNow: false };

class Chart extends ChartReading {
  constructor(section) {
    super();
    Object.assign(this, { section, id: section.id, compared: [], drawing: Promise.resolve() }, settings.charts[section.id]);
    this.find = (selector) => section.querySelector(selector);
    this.plot = this.find(".plot");
    this.form = this.find(".controls");
    this.defaults = Object.fromEntries(this.form ? new FormData(this.form) : []);
    this.form?.addEventListener("change", (event) => this.choose(event.target));
    this.form?.addEventListener("submit", (event) => event.preventDefault());
    this.find("details")?.addEventListener("toggle", () => printing.isNow || this.open().then(() => this.tabulate()));
    for (const button of section.querySelectorAll("[data-save]")) button.addEventListener("click", () => saveAs(this, button.dataset.save));
    if (this.series.when) this.tip = new Tip(this);
    this.restore();
  }

  choice(control) {
    return this.form?.elements[control]?.value;
  }

  get dimension() {
    return this.choice("dimension") ?? (this.pick === "dimension" ? this.dimensions[0] : undefined);
  }

  restore() {
    for (const control of Object.keys(this.defaults)) {
      const value = remembered(this.id, control);
      const element_ = this.form.elements[control];
      const offered = element_.options ?? (element_.length ? element_ : undefined);
      if (value && (!offered || [...offered].some((one) => one.value === value))) element_.value = value;
    }
    const groups = [...(this.form?.elements.add?.options ?? [])].map((option) => option.value).filter(Boolean);
    this.compared = (remembered(this.id, "compare") ?? "").split("|").filter((group) => groups.includes(group));
    this.offer();
    this.showControls();
    if (remembered(this.id, "highlight") && this.form?.elements.highlight) this.form.elements.highlight.value = remembered(this.id, "highlight");
  }

  // The values to pick out are those of the dimension that is shown.
  offer() {
    const select = this.lines && this.form?.elements.highlight;
    if (!select) return;
    this.options ??= [...select.options];
    select.replaceChildren(...this.options.filter((option) => !option.dataset.dimension || option.dataset.dimension === this.dimension));
    select.value = "";
  }

  choose(control) {
    if (control.name === "search") return this.open().then(() => this.sorted.search(control.value));
    if (control.name === "add") {
      if (!this.compared.includes(control.value) && control.value !== this.choice("group")) this.compared.push(control.value);
      this.compared = this.compared.slice(-COLOURED + 1);
      control.value = "";
    } else if (this.defaults[control.name] !== undefined) {
      if (control.name === "dimension") {
        this.offer();
        remember(this.id, "highlight", "");
      }
      remember(this.id, control.name, control.value === this.defaults[control.name] ? "" : control.value);
    }
    this.compare();
  }

  compare(without) {
    this.compared = this.compared.filter((group) => group !== without && group !== this.choice("group"));
    remember(this.id, "compare", this.compared.join("|"));
    this.showControls();
    this.isChosen = true;
    this.open().then(() => this.draw());
  }

  showControls() {
    this.find(".own-range")?.toggleAttribute("hidden", this.choice("range") !== "own");
    this.find(".compared")?.replaceChildren(...this.compared.map((group) => {
      const button = element("button", groupName(group), { type: "button", "aria-label": fill(words.control.remove, { group: groupName(group) }) });
      button.addEventListener("click", () => this.compare(group));
      const item = element("li");
      item.append(button);
      return item;
    }));
  }
}
