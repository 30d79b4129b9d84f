// The charts of the page: each is read and drawn when it comes into sight or is chosen from.
const charts = [...document.querySelectorAll("section.chart[data-figures]")].map((section) => new Chart(section));

const sight = new IntersectionObserver((entries) => {
  for (const entry of entries) if (entry.isIntersecting) charts.find((chart) => chart.section === entry.target).open();
}, { rootMargin: "150px" });
// A chart that is a picture already waits for the reader's first move.
const MOVES = ["pointermove", "pointerdown", "keydown", "scroll", "touchstart", "focusin"];
const wake = () => {
  MOVES.forEach((move) => removeEventListener(move, wake));
  charts.forEach((chart) => sight.observe(chart.section));
};
MOVES.forEach((move) => addEventListener(move, wake, { passive: true }));
charts.filter((chart) => !chart.find(".canvas svg")).forEach((chart) => sight.observe(chart.section));

const linked = [...chosen.keys()].map((key) => charts.find((chart) => chart.id === key.split(".")[0])).filter(Boolean);
for (const chart of new Set(linked)) chart.open();
if (linked.length) linked[0].section.scrollIntoView();
addEventListener("hashchange", () => [...new URLSearchParams(location.hash.slice(1)).keys()].some((key) => key.includes(".")) && location.reload());
carry();

// On paper, what is no picture yet is a table: a browser does not wait for a drawing.
addEventListener("beforeprint", () => {
  printing.isNow = true;
  for (const chart of charts) if (!chart.find(".canvas svg")) (chart.find("details") ?? {}).open = true;
});
addEventListener("afterprint", () => setTimeout(() => (printing.isNow = false)));

window.jobMarket.charts = Object.fromEntries(charts.map((chart) => [chart.id, chart]));
window.jobMarket.drawAll = () => Promise.all(charts.map((chart) => chart.open()));

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
    warnings.querySelector("ul").prepend(element("li", fill(words.warning.stale, { age: aged(minutes) })));
    warnings.hidden = false;
    document.querySelector(".dot").className = "dot bad";
  }
}
document.body.dataset.ready = "yes";
