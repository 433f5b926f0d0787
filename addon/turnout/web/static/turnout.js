// The link's token leaves the URL at once; new decisions appear on the overview. Pages work without.
"use strict";

const form = document.getElementById("sign-in");
const token = new URLSearchParams(location.hash.slice(1)).get("token");
if (token) history.replaceState(null, "", location.pathname + location.search);
if (form && token) {
  form.elements.token.value = token;
  form.submit();
}

const MOST = 12; // rows

function usd(value) {
  if (value === null || value === undefined) return "unknown";
  if (value === 0) return "$0";
  const size = Math.abs(value);
  const digits = size >= 1 ? 2 : Math.max(4, 2 - Math.floor(Math.log10(size)));
  return (value < 0 ? "-$" : "$") + size.toFixed(digits);
}

function cell(row, text, kind) {
  const made = document.createElement("td");
  made.textContent = text; // never as HTML: clients and providers wrote it
  if (kind) made.className = kind;
  row.append(made);
  return made;
}

function shown(decision) {
  const row = document.createElement("tr");
  row.className = "new";
  const head = document.createElement("th");
  head.scope = "row";
  const link = document.createElement("a");
  link.href = "/ui/decisions/" + encodeURIComponent(decision.id);
  link.textContent = new Date(decision.at * 1000).toISOString().slice(5, 19).replace("T", " ");
  head.append(link);
  row.append(head);
  const asked = decision.requested_same_tokens_usd;
  const known = asked !== null && decision.cost_usd !== null;
  cell(row, decision.client || "unknown");
  cell(row, decision.requested_model || "unknown", "name");
  cell(row, [decision.provider, decision.model].filter(Boolean).join("/") || "unknown", "name");
  cell(row, (decision.reason || "").replaceAll("_", " "));
  cell(row, usd(decision.cost_usd), "number");
  cell(row, known ? usd(asked - decision.cost_usd) : "unknown", "number");
  cell(row, decision.status === null ? "no answer" : String(decision.status), "number");
  return row;
}

const live = document.querySelector("#live tbody");
if (live) {
  const source = new EventSource("/ui/events");
  source.addEventListener("decision", (event) => {
    live.querySelector(".none")?.parentElement.remove();
    live.prepend(shown(JSON.parse(event.data)));
    while (live.rows.length > MOST) live.lastElementChild.remove();
  });
  addEventListener("pagehide", () => source.close());
}

if (document.querySelector("[data-refresh]")) setTimeout(() => location.reload(), 1500);
