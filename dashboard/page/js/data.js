// A chart's figures: a script of their own (a page from disk may read no other kind of file), taken apart here.
const scripts = {};
const script = (src) =>
  (scripts[src] ??= new Promise((done, failed) => {
    const made = document.createElement("script");
    Object.assign(made, { src, onload: done, onerror: () => failed(new Error(`${src} could not be read`)) });
    document.head.append(made);
  }));

// The reverse of encode.py.
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
