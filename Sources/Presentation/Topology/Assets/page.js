// Refreshes the topology page while it is visible. The server renders everything; this script updates the page in place,
// so that focus, folds and scroll position stay, and lists what has changed.

const PERIOD = 5_000; // From an answer to the next request, milliseconds.
const PATIENCE = 30_000; // The timeout of a request, and the age at which the page is marked stale, milliseconds.

const byId = (id) => document.getElementById(id);
const query = byId("query");
const troubled = byId("troubled");
const pause = byId("pause");

let drawnAt = performance.now() - Number(byId("sets").dataset.age);
let failure = null;
let isPaused = false;
let isAsking = false;
let timer;

// MARK: refresh

async function renew() {
    clearTimeout(timer);
    if (isPaused || document.hidden || isAsking) return;
    isAsking = true;
    try {
        const answer = await fetch(document.body.dataset.source, {
            cache: "no-store",
            signal: AbortSignal.timeout(PATIENCE),
        });
        if (!answer.ok) throw new Error(`HTTP status ${answer.status}`);
        const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
        if (!fresh.getElementById("sets")) throw new Error("unexpected response");
        draw(fresh);
        failure = null;
    } catch (error) {
        failure = error.name === "TimeoutError" ? "no response" : error.message;
    } finally {
        isAsking = false;
    }
    tell();
    if (!isPaused && !document.hidden) timer = setTimeout(renew, PERIOD);
}

function draw(fresh) {
    const before = states();
    const opened = new Set();
    for (const set of document.querySelectorAll(".set[data-state='ok']")) {
        const next = fresh.querySelector(`#${CSS.escape(set.id)}`);
        if (next && next.dataset.state !== "ok") opened.add(set.id);
    }
    for (const id of ["overview", "sets"]) morph(byId(id), fresh.getElementById(id));
    // New problems must not stay hidden in a fold.
    for (const id of opened) byId(id).firstElementChild.open = true;
    drawnAt = performance.now() - Number(byId("sets").dataset.age);
    record(before, states());
    narrow();
}

/** Makes `live` equal to `fresh` with few changes. Elements with an id are recognized wherever they have moved. */
function morph(live, fresh) {
    if (live.isEqualNode(fresh)) return;
    for (const { name } of [...live.attributes]) {
        // Folds and filters belong to the user, not to the server.
        if (!fresh.hasAttribute(name) && name !== "open" && name !== "hidden") live.removeAttribute(name);
    }
    for (const { name, value } of fresh.attributes) {
        if (name !== "open" && live.getAttribute(name) !== value) live.setAttribute(name, value);
    }
    const named = new Map([...live.children].filter((child) => child.id).map((child) => [child.id, child]));
    let cursor = live.firstChild;
    for (const next of [...fresh.childNodes]) {
        const match = next.id ? named.get(next.id) : alike(cursor, next) ? cursor : null;
        if (!match) {
            live.insertBefore(document.importNode(next, true), cursor);
            continue;
        }
        if (match === cursor) cursor = cursor.nextSibling;
        else live.insertBefore(match, cursor);
        if (match.nodeType === Node.ELEMENT_NODE) morph(match, next);
        else if (match.data !== next.data) match.data = next.data;
    }
    while (cursor) {
        const gone = cursor;
        cursor = cursor.nextSibling;
        gone.remove();
    }
}

function alike(live, fresh) {
    return live && live.nodeType === fresh.nodeType && live.nodeName === fresh.nodeName && !live.id;
}

// MARK: changes

/** State and reasons of every set and node, by name. */
function states() {
    const all = new Map();
    for (const set of document.querySelectorAll(".set")) {
        const own = [...set.querySelectorAll(":scope > details > .reasons > li")];
        const state = ["critical", "warning"].find((state) => own.some((item) => item.dataset.state === state)) ?? "ok";
        all.set(set.id, { name: set.querySelector("h2").textContent, state, reasons: texts(own) });
        for (const row of set.querySelectorAll("tr.node")) {
            const name = row.querySelector("b")?.textContent;
            if (!row.id || !name) continue;
            all.set(row.id, { name, state: row.dataset.state, reasons: texts(row.querySelectorAll(".reasons > li")) });
        }
    }
    return all;
}

function texts(items) {
    return [...items].map((item) => item.textContent);
}

function record(before, after) {
    for (const [id, now] of after) {
        const then = before.get(id);
        if (!then) continue;
        // Numbers within a reason change all the time; only another reason or another state is worth listing.
        const shape = (entry) => entry.state + entry.reasons.map((text) => text.replace(/\d+/g, "#")).join();
        if (shape(then) === shape(now)) continue;
        byId(id)?.classList.add("changed");
        byId(id)?.addEventListener("animationend", (event) => event.target.classList.remove("changed"), { once: true });
        note(now, id);
    }
}

function note({ name, state, reasons }, id) {
    const log = byId("changes");
    const line = document.createElement("li");
    const time = document.createElement("time");
    const now = new Date();
    time.dateTime = now.toISOString();
    time.textContent = now.toLocaleTimeString();
    const icon = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    icon.setAttribute("class", `icon ${state}`);
    icon.setAttribute("aria-hidden", "true");
    const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
    use.setAttribute("href", `#${state}`);
    icon.append(use);
    const text = document.createElement("span");
    const link = document.createElement("a");
    link.href = `#${id}`;
    link.textContent = name;
    text.append(link, ` ${reasons.length ? reasons.join("; ") : "is OK again"}`);
    line.append(time, icon, text);
    log.querySelector("ol").prepend(line);
    while (log.querySelectorAll("li").length > 50) log.querySelector("li:last-child").remove();
    log.hidden = false;
}

// MARK: age

function tell() {
    const age = performance.now() - drawnAt;
    const seconds = Math.max(0, Math.round(age / 1000));
    const ago = seconds < 120 ? `${seconds} s ago` : `${Math.floor(seconds / 60)} min ago`;
    const time = new Date(Date.now() - age).toLocaleTimeString();
    byId("freshness").textContent = isPaused ? `Paused; updated ${ago}, at ${time}` : `Updated ${ago}, at ${time}`;
    document.body.classList.toggle("stale", failure !== null || age > PATIENCE);
    const alarm = byId("alarm");
    const text = failure === null ? "" : `No update from the exporter: ${failure}. The state below is from ${ago}.`;
    if (failure === null) alarm.hidden = true;
    // Announced once, when it begins; the header keeps showing the age.
    else if (alarm.hidden) {
        alarm.textContent = text;
        alarm.hidden = false;
    }
    const state = failure === null ? byId("overview").dataset.state : "unknown";
    const verdict = byId("verdict").lastChild.textContent;
    document.title = failure === null ? (state === "ok" ? "Replication" : `${verdict} – Replication`) : "? – Replication";
    const icon = document.querySelector("link[rel=icon]");
    const href = `assets/${state}.svg`;
    if (icon.getAttribute("href") !== href) icon.setAttribute("href", href);
}

// MARK: filter

/** Hides what does not match the filter. The nodes above a match stay, so that the tree still shows its sources. */
function narrow() {
    const words = query.value.trim().toLowerCase().split(/\s+/).filter(Boolean);
    const fits = (text) => words.every((word) => text.includes(word));
    let shown = 0;
    for (const set of document.querySelectorAll(".set")) {
        const isNamed = words.length > 0 && fits(set.querySelector("summary").textContent.toLowerCase());
        const isTroubled = set.dataset.state !== "ok";
        let isSetShown = false;
        const rows = [...set.querySelectorAll("tr.node")];
        let above = -1; // Rows of a smaller depth are ancestors of a match further down.
        for (const row of rows.reverse()) {
            const depth = Number(row.dataset.depth);
            const isMatch =
                (isNamed || fits(row.textContent.toLowerCase())) && (!troubled.checked || row.dataset.state !== "ok");
            const isAncestor = above >= 0 && depth < above;
            row.hidden = !(isMatch || isAncestor);
            if (isMatch || isAncestor) above = depth;
            if (isMatch) {
                shown += 1;
                isSetShown = true;
            }
        }
        const hasOwnTrouble = set.querySelector(":scope > details > .reasons") !== null && (words.length === 0 || isNamed);
        set.hidden = !(isSetShown || (troubled.checked && hasOwnTrouble)) || (troubled.checked && !isTroubled);
        if (words.length > 0 && isSetShown && !set.hidden) set.firstElementChild.open = true;
    }
    const text = words.length > 0 || troubled.checked ? `${shown} ${shown === 1 ? "node" : "nodes"}` : "";
    if (byId("matches").textContent !== text) byId("matches").textContent = text;
}

/** Keeps the filter in the URL, so that it survives a reload and can be shared. */
function remember() {
    const address = new URL(location.href);
    const set = (name, value) => (value ? address.searchParams.set(name, value) : address.searchParams.delete(name));
    set("show", query.value.trim());
    set("troubled", troubled.checked ? "1" : "");
    history.replaceState(null, "", address);
}

function filter() {
    narrow();
    remember();
}

// MARK: start

query.value = new URL(location.href).searchParams.get("show") ?? "";
troubled.checked = new URL(location.href).searchParams.get("troubled") === "1";
query.addEventListener("input", filter);
troubled.addEventListener("change", filter);
byId("filter").addEventListener("submit", (event) => event.preventDefault());
byId("unfold").addEventListener("click", () => {
    for (const set of document.querySelectorAll(".set > details")) set.open = true;
});
byId("fold").addEventListener("click", () => {
    for (const set of document.querySelectorAll(".set[data-state='ok'] > details")) set.open = false;
});
pause.addEventListener("click", () => {
    isPaused = !isPaused;
    pause.setAttribute("aria-pressed", String(isPaused));
    tell();
    renew();
});
// A hidden page must cost the servers nothing.
document.addEventListener("visibilitychange", renew);
// Following a link to a node that is folded or filtered out shows it.
document.addEventListener("click", (event) => {
    const target = event.target.closest?.("a[href^='#']")?.getAttribute("href").slice(1);
    const element = target && byId(target);
    if (!element) return;
    element.hidden = false;
    const set = element.closest(".set");
    if (set) {
        set.hidden = false;
        set.firstElementChild.open = true;
    }
});

byId("filter").hidden = false;
byId("clock").hidden = false;
narrow();
tell();
setInterval(tell, 1_000);
timer = setTimeout(renew, Math.max(0, PERIOD - Number(byId("sets").dataset.age)));
