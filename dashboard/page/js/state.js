// What the reader chose stands in the address: `#new_ads.group=county/Oslo`. A view can be linked to.
const chosen = new URLSearchParams(location.hash.slice(1));
for (const key of [...chosen.keys()]) if (!key.includes(".")) chosen.delete(key);

const remember = (chart, control, value) => {
  if (value) chosen.set(`${chart}.${control}`, value);
  else chosen.delete(`${chart}.${control}`);
  const hash = chosen.size ? `#${chosen.toString().replaceAll("%2F", "/")}` : "#";
  history.replaceState(null, "", hash);
  carry();
};
// The other language shows the same view.
const carry = () => {
  const link = document.querySelector(".language");
  link.hash = chosen.toString();
};
const remembered = (chart, control) => chosen.get(`${chart}.${control}`);
