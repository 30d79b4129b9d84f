// What bars, tiles and tables show of a row.
const groupName = (key) => (key === "all/all" ? words.page.all : name(key.slice(key.indexOf("/") + 1), key.split("/")[0]));

const TILES = [-15, -5, 5, 15];
const decorated = (chart, row, rank) => {
  const dimension = row.dimension ?? { counties: "county", sources: "source" }[chart.id];
  const label = row.label === UNKNOWN ? words.page.unknown : name(row.label, dimension);
  const made = { ...row, rank, label: chart.id === "movers" ? `${words.control[row.dimension]}: ${label}` : label };
  if (row.part !== undefined) made.part = name(row.part, "occupation");
  if (row.county !== undefined) made.county = name(row.county, "county");
  if (chart.id === "sources") Object.assign(made, { place: row.extent === "Deltid" ? 0 : 1, extent: name(row.extent, "extent") });
  if (chart.id === "counties") {
    const isChange = chart.choice("unit") === "change";
    const [column, line] = chart.tiles[row.label];
    const most = Math.max(...chart.cells.ads);
    const bin = isChange ? (row.percent === null ? -1 : TILES.filter((limit) => row.percent >= limit).length) : 5 + Math.min(4, Math.floor((5 * row.now) / most));
    Object.assign(made, { column, row: line, bin, number: isChange ? (row.percent === null ? "–" : percent(row.percent, true)) : number(row.now) });
  } else if ("percent" in row) {
    const counts = row.before === null ? number(row.now) : `${number(row.before)} → ${number(row.now)}`;
    made.change = row.percent === null ? counts : chart.isNarrow ? percent(row.percent, true) : `${percent(row.percent, true)} (${counts})`;
  }
  return made;
};

const tileKeys = (chart) => {
  if (chart.choice("unit") !== "change") {
    const most = Math.max(...chart.cells.ads);
    return [0, 1, 2, 3, 4].map((bin) => [`${number((bin * most) / 5)}–${number(((bin + 1) * most) / 5)}`, `var(--s${bin})`]);
  }
  const texts = TILES.map((limit) => percent(limit, true, 0));
  return [`< ${texts[0]}`, `${texts[0]} – ${texts[1]}`, `${texts[1]} – ${texts[2]}`, `${texts[2]} – ${texts[3]}`, `> ${texts[3]}`].map((text, bin) => [text, `var(--d${bin})`]);
};
