// The read-only page. What the service says is put into the document as text, never as markup.
"use strict";

const SHOWN = 60, CREDITED = 12, EVERY_MS = 2000, SOON_MS = 250;
const NUMERIC = /^(0|[1-9][0-9]{0,76})$/;
const LOOKS = { closed: "good", "half-open": "warn", open: "bad" };
const SAYS = { closed: "accepting", "half-open": "on trial", open: "stopped" };
const at = (id) => document.getElementById(id);

let lastStatus = null, lastStatusAt = 0, newest = 0, stream = null, timer = 0;

// Elements: el("span", "pill good", "closed")
function el(tag, look, ...parts) {
  const made = document.createElement(tag);
  if (look) made.className = look;
  made.append(...parts.map((part) => (part instanceof Node ? part : document.createTextNode(String(part)))));
  return made;
}

const row = (lead, side, under, look) => {
  const parts = [el("div", "lead", lead), el("div", "side", side)];
  if (under) parts.push(el("div", "under", ...[].concat(under)));
  return el("li", look, ...parts);
};
const pill = (text, look) => el("span", `pill ${look}`, text);
const short = (text, head = 10, tail = 6) => (text.length <= head + tail + 1 ? text : `${text.slice(0, head)}…${text.slice(-tail)}`);
const code = (text, ...how) => { const made = el("code", "", short(text, ...how)); made.title = text; return made; };
const grouped = (amount) => { const [whole, part] = amount.split("."); return whole.replace(/\B(?=(\d{3})+$)/g, " ") + (part ? `.${part}` : ""); };
const clock = (ms) => new Date(ms).toLocaleTimeString([], { hour12: false });
const when = (ms) => (Math.abs(ms - Date.now()) < 43200000 ? clock(ms) : `${new Date(ms).toLocaleDateString()} ${clock(ms)}`);

function age(ms) {
  if (ms === null) return "none yet";
  const s = Math.max(0, ms) / 1000;
  if (s < 10) return `${s.toFixed(1)} s`;
  if (s < 120) return `${Math.round(s)} s`;
  if (s < 7200) return `${Math.round(s / 60)} min`;
  return s < 172800 ? `${Math.round(s / 3600)} h` : `${Math.round(s / 86400)} d`;
}
const health = (ms, most) => (ms === null || ms > most ? "bad" : ms > 0.75 * most ? "warn" : "good");

async function ask(path) {
  const answer = await fetch(path, { headers: { Accept: "application/json" }, signal: AbortSignal.timeout(10000) });
  const value = await answer.json();
  if (!answer.ok) throw new Error(value.detail || value.title || `status ${answer.status}`);
  return value;
}

function trouble(text) {
  at("trouble").hidden = !text;
  at("trouble").textContent = text;
}

function showStatus(status) {
  lastStatus = status; lastStatusAt = performance.now();
  document.title = `${status.ledger} – margin ledger`;
  at("ledger").textContent = status.ledger;
  at("chain").textContent = `chain ${status.target_chain_id} · target ${short(status.target, 8, 6)}`;
  at("outstanding").textContent = grouped(status.outstanding);
  at("log-number").textContent = `#${status.log.number}`;
  at("log-hash").textContent = short(status.log.hash, 14, 8);
  at("log-hash").title = status.log.hash;
  showAges();
}

// Whether a request could be accepted now, and if none could, why. A breaker is not the only thing in the way.
function accepting(oracleLook, rootAges) {
  const state = lastStatus.breakers.find((breaker) => breaker.source === null).state;
  if (state === "open") return [SAYS.open, LOOKS.open];
  if (oracleLook === "bad") return ["no fresh risk table", "bad"];
  if (!rootAges.some((look) => look !== "bad")) return ["no fresh source root", "bad"];
  const partly = state === "closed" && lastStatus.breakers.some((breaker) => breaker.state !== "closed");
  return partly ? ["accepting in part", "warn"] : [SAYS[state], LOOKS[state]];
}

// Ages go on between two answers, so that the page does not seem to stand still.
function showAges() {
  if (!lastStatus) return;
  const since = performance.now() - lastStatusAt;
  const now = (ms) => (ms === null ? null : ms + since);
  const { oracle, roots, breakers } = lastStatus;
  const oracleAge = now(oracle.age_ms), look = health(oracleAge, oracle.max_age_ms);
  const [says, looks] = accepting(look, roots.map((root) => health(now(root.age_ms), root.max_age_ms)));
  at("accepting").textContent = says;
  at("accepting").className = `pill ${looks}`;
  at("oracle-age").textContent = oracleAge === null ? "none yet" : `${age(oracleAge)} old`;
  at("oracle-note").textContent = `${look === "bad" ? "too old: " : ""}${age(oracle.max_age_ms)} allowed`;
  at("oracle-bar").className = `bar ${look}`;
  at("oracle-bar").style.setProperty("--part", oracleAge === null ? 100 : Math.min(100, (100 * oracleAge) / oracle.max_age_ms));
  const ages = new Map(roots.map((root) => [root.source, root]));
  const sources = new Set([...ages.keys(), ...breakers.map((breaker) => breaker.source).filter((source) => source !== null)]);
  const rows = [scopeRow("Whole ledger", breakers.find((breaker) => breaker.source === null), null)];
  for (const source of sources) {
    rows.push(scopeRow(`Source chain ${source}`, breakers.find((breaker) => breaker.source === source), ages.get(source), now));
  }
  at("breakers").replaceChildren(...rows);
}

function scopeRow(name, breaker, root, now) {
  const state = breaker ? breaker.state : "closed";
  const under = [];
  if (root) {
    const rootAge = now(root.age_ms);
    under.push(rootAge === null ? "no root yet" : `newest root ${age(rootAge)} old`);
    if (rootAge !== null && health(rootAge, root.max_age_ms) === "bad") under.push(" (too old)");
  }
  if (breaker && breaker.reason) under.push(`${under.length ? " · " : ""}${breaker.reason}`);
  return row(name, pill(state, LOOKS[state]), under.length ? under : null);
}

function accountRow(account) {
  const over = account.expiry_ms <= lastStatus.now_ms;
  const expires = account.expiry_ms ? `${over ? "expired" : "expires"} ${when(account.expiry_ms)}` : "no credit yet";
  const sequence = account.sequence === null ? "" : ` · sequence ${account.sequence}`;
  return row(code(account.account, 14, 8), el("span", "number", grouped(account.margin)), expires + sequence);
}

async function showAccounts() {
  const { accounts } = await ask(`v1/accounts?order=newest&limit=${CREDITED}`);
  const rows = accounts.map(accountRow);
  at("accounts").replaceChildren(...(rows.length ? rows : [el("li", "empty", "No account has been credited yet.")]));
}

function showDecision(decision, look) {
  if (decision.number <= newest) return;
  newest = decision.number;
  const accepted = decision.outcome === "accepted";
  const under = [`#${decision.number} · ${when(decision.at_ms)}`, decision.detail ? ` · ${decision.detail}` : ""];
  const made = row(code(decision.settlement_id, 12, 6), pill(decision.outcome, accepted ? "good" : "bad"), under, look);
  const list = at("decisions");
  list.querySelector(".empty")?.remove();
  list.prepend(made);
  while (list.children.length > SHOWN) list.lastElementChild.remove();
}

function follow() {
  stream?.close();
  stream = new EventSource(`v1/decisions/stream?after=${newest}`);
  const live = (on, text) => { at("live").textContent = text; at("live").classList.toggle("on", on); };
  stream.onopen = () => live(true, "live");
  stream.onerror = () => {
    live(false, "reconnecting");
    if (stream.readyState === EventSource.CLOSED) setTimeout(follow, EVERY_MS);
  };
  stream.addEventListener("change", () => refresh(SOON_MS));
  stream.addEventListener("decision", (event) => { showDecision(JSON.parse(event.data), "new"); refresh(SOON_MS); });
}

// One refresh at a time, soon after a decision and else every now and then.
function refresh(delay) {
  clearTimeout(timer);
  timer = setTimeout(async () => {
    try {
      showStatus(await ask("v1/status"));
      await showAccounts();
      trouble("");
    } catch (problem) {
      trouble(`The service does not answer: ${problem.message}`);
    }
    refresh(EVERY_MS);
  }, delay);
}

async function lookUp(event) {
  event.preventDefault();
  const wanted = at("pseudonym").value.trim();
  if (!NUMERIC.test(wanted)) {
    at("found").replaceChildren("An account's pseudonym is a decimal number.");
    return;
  }
  try {
    at("found").replaceChildren(el("ul", "rows", accountRow(await ask(`v1/accounts/${wanted}`))));
  } catch (problem) {
    at("found").replaceChildren(problem.message);
  }
}

async function start() {
  at("search").addEventListener("submit", lookUp);
  setInterval(showAges, 500);
  try {
    showStatus(await ask("v1/status"));
    const { decisions } = await ask(`v1/decisions?order=newest&limit=${SHOWN}`);
    decisions.forEach((decision) => showDecision(decision, ""));
    if (!decisions.length) at("decisions").append(el("li", "empty", "Nothing has been decided yet."));
    newest = Math.max(newest, lastStatus.log.number);
    await showAccounts();
  } catch (problem) {
    trouble(`The service does not answer: ${problem.message}`);
  }
  follow();
  refresh(EVERY_MS);
}

start();
