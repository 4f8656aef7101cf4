// On a tap the browser is asked where we are, and the stores are put in order of distance, here: the position goes nowhere.

const button = document.querySelector("[data-near]");
const said = document.getElementById("near-said");
const list = document.getElementById("near-list");

function kilometres(a, b, c, d) {
  const rad = Math.PI / 180;
  const inside = Math.sin(((c - a) * rad) / 2) ** 2
    + Math.cos(a * rad) * Math.cos(c * rad) * Math.sin(((d - b) * rad) / 2) ** 2;
  return 2 * 6371 * Math.asin(Math.sqrt(Math.min(1, inside)));
}

function sorted({ coords }) {
  const rows = [...list.querySelectorAll("li")].map((row) => {
    const placed = row.dataset.lat !== "";
    const far = placed ? kilometres(coords.latitude, coords.longitude, +row.dataset.lat, +row.dataset.lng) : Infinity;
    row.querySelector("[data-far]").textContent = placed ? `${far < 10 ? far.toFixed(1) : Math.round(far)} km` : "";
    return [far, row];
  });
  rows.sort((one, other) => one[0] - other[0]).forEach(([, row]) => list.append(row));
  said.textContent = button.dataset.done;
}

if (button && navigator.geolocation) {
  button.hidden = false;
  button.addEventListener("click", () => {
    said.textContent = button.dataset.wait;
    const refused = () => { said.textContent = button.dataset.refused; };
    navigator.geolocation.getCurrentPosition(sorted, refused, { maximumAge: 60000, timeout: 8000 });
  });
}
