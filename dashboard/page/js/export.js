// A chart as a picture to take away, with its title, its headline and where the figures are from.
const wrapped = (text, width) =>
  text.split(" ").reduce((lines, word) => {
    const longer = `${lines.at(-1)} ${word}`.trim();
    if (longer.length * 7.2 > width) lines.push(word);
    else lines[lines.length - 1] = longer;
    return lines;
  }, [""]);

const picture = async (chart) => {
  const variables = getComputedStyle(document.documentElement);
  const drawn = new DOMParser().parseFromString(await chart.view.toSVG(), "image/svg+xml").documentElement;
  const [width, height] = ["width", "height"].map((side) => Number.parseFloat(drawn.getAttribute(side)));
  const made = document.createElementNS(drawn.namespaceURI, "svg");
  let y = 14;
  const say = (text, size, colour, weight = 400) => {
    for (const line of wrapped(text, (width * 14) / size)) {
      const place = document.createElementNS(drawn.namespaceURI, "text");
      place.textContent = line;
      y += size * 1.35;
      for (const [key, value] of Object.entries({ x: 16, y, fill: `var(--${colour})`, "font-size": size, "font-weight": weight })) place.setAttribute(key, value);
      made.append(place);
    }
  };
  say(chart.words.title, 20, "ink", 650);
  say(chart.find(".said")?.textContent ?? chart.words.subtitle, 14, "ink");
  say([chart.words.subtitle, chart.shownGroups()].filter(Boolean).join(" · "), 13, "muted");
  drawn.setAttribute("x", 16);
  drawn.setAttribute("y", y + 12);
  y += height + 16;
  made.append(drawn);
  say(settings.cite, 12, "muted");
  const whole = { width: width + 32, height: y + 16, viewBox: `0 0 ${width + 32} ${y + 16}`, style: "background: var(--paper)", "font-family": "system-ui, sans-serif" };
  for (const [key, value] of Object.entries(whole)) made.setAttribute(key, value);
  const text = new XMLSerializer().serializeToString(made);
  return { width: whole.width, height: whole.height, text: text.replace(/var\((--[\w-]+)\)/g, (_, variable) => variables.getPropertyValue(variable).trim()) };
};

const save = (blob, file) => {
  const link = element("a", "", { href: URL.createObjectURL(blob), download: file });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
};

const saveAs = async (chart, kind) => {
  await chart.open();
  const { width, height, text } = await picture(chart);
  const svg = new Blob([text], { type: "image/svg+xml" });
  if (kind === "svg") return save(svg, `${chart.id}.svg`);
  const image = new Image();
  image.src = URL.createObjectURL(svg);
  await image.decode();
  const canvas = element("canvas", "", { width: 2 * width, height: 2 * height });
  const pen = canvas.getContext("2d");
  pen.fillStyle = getComputedStyle(document.body).backgroundColor;
  pen.fillRect(0, 0, 2 * width, 2 * height);
  pen.drawImage(image, 0, 0, 2 * width, 2 * height);
  canvas.toBlob((png) => save(png, `${chart.id}.png`));
};
