// A table whose columns sort, and which can be searched.
class Table {
  // columns: {title, kind}; rows: arrays of raw values. `isFew` tells which rows rest on few ads.
  constructor(place, columns, rows, isFew = () => false) {
    Object.assign(this, { place, columns, rows, isFew, by: undefined, isDown: true, wanted: "" });
    const head = document.createElement("tr");
    this.headers = columns.map(({ title, kind }, at) => {
      const header = element("th", "", { scope: "col", class: kind === "text" ? "text" : "" });
      const button = element("button", title, { type: "button" });
      button.addEventListener("click", () => this.sort(at));
      header.append(button);
      return header;
    });
    head.append(...this.headers);
    place.querySelector("thead").replaceChildren(head);
    this.show();
  }

  sort(at) {
    this.isDown = this.by === at ? !this.isDown : this.columns[at].kind !== "text";
    this.by = at;
    this.headers.forEach((header, place) => {
      if (place === at) header.setAttribute("aria-sort", this.isDown ? "descending" : "ascending");
      else header.removeAttribute("aria-sort");
    });
    this.show();
  }

  search(wanted) {
    this.wanted = wanted.toLocaleLowerCase(tag);
    this.show();
  }

  show() {
    const isText = this.columns.map(({ kind }) => kind === "text");
    let rows = this.rows;
    if (this.wanted) rows = rows.filter((row) => row.some((value, at) => isText[at] && String(value).toLocaleLowerCase(tag).includes(this.wanted)));
    if (this.by !== undefined) {
      const collator = new Intl.Collator(tag);
      const order = (a, b) => (isText[this.by] ? collator.compare(a, b) : a - b);
      const known = rows.filter((row) => row[this.by] !== null && row[this.by] !== undefined);
      const rest = rows.filter((row) => !known.includes(row));
      known.sort((a, b) => (this.isDown ? order(b[this.by], a[this.by]) : order(a[this.by], b[this.by])));
      rows = [...known, ...rest];
    }
    const lines = rows.slice(0, settings.tableRows).map((row) => {
      const line = element("tr", "", this.isFew(row) ? { class: "few" } : {});
      line.append(...row.map((value, at) => {
        const text = cell(value, this.columns[at].kind);
        return at ? element("td", text, isText[at] ? { class: "text" } : {}) : element("th", text, { scope: "row" });
      }));
      return line;
    });
    this.place.querySelector("tbody").replaceChildren(...lines);
    const left = this.place.closest(".table").nextElementSibling;
    left.textContent = rows.length > lines.length ? fill(words.chart.rows_shown, { number: number(lines.length), all: number(rows.length) }) : "";
  }
}
