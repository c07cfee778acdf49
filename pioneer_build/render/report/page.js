"use strict";
// The page of `pioneer-build report`. Everything that comes from data goes into text nodes and attributes of fixed
// names, never into markup: the page's own policy (trusted-types 'none') refuses the rest.
(() => {
  const $ = (id) => document.getElementById(id);
  const overview = JSON.parse($("overview").textContent);
  const byName = new Map(overview.datasets.map((one) => [one.dataset_name, one]));
  const num = (n) => n.toLocaleString("en-US");
  const percent = (part, whole) => (whole ? `${((100 * part) / whole).toFixed(1)}%` : "–");
  const noun = (n, word) => (n === 1 ? word : `${word}s`);
  const plural = (n, word) => `${num(n)} ${noun(n, word)}`;

  // -- elements ------------------------------------------------------------------------------------------------------

  function el(tag, attributes, ...children) {
    const node = document.createElement(tag);
    for (const [key, value] of Object.entries(attributes || {})) {
      if (value === null || value === undefined || value === false) continue;
      if (key === "class") node.className = value;
      else if (key.startsWith("on")) node.addEventListener(key.slice(2), value);
      else node.setAttribute(key, value === true ? "" : value);
    }
    node.append(...children.flat().filter((child) => child !== null && child !== undefined));
    return node;
  }
  function svg(tag, attributes, ...children) {
    const node = document.createElementNS("http://www.w3.org/2000/svg", tag);
    for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
    node.append(...children);
    return node;
  }

  // What a reader can't see, or what would turn the text around: control, bidi, invisible and tag characters, variation
  // selectors but those of emoji, lone surrogates. Zero-width joiners stay: emoji and Persian need them.
  const HIDDEN =
    /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\u3164\ufe00-\ufe0d\ufeff\uffa0\ufff9-\ufffb]|\udb40[\udc00-\udfff]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g;
  function show(text, into, flat) {
    let at = 0;
    for (const match of text.matchAll(HIDDEN)) {
      into.append(text.slice(at, match.index));
      const code = match[0].codePointAt(0).toString(16).toUpperCase().padStart(4, "0");
      into.append(el("span", { class: "ctl" }, `U+${code}`));
      at = match.index + match[0].length;
    }
    const rest = at ? text.slice(at) : text;
    into.append(flat ? rest.replace(/\n/g, " ⏎ ") : rest);
    return into;
  }
  function shown(tag, attributes, text) {
    return show(String(text), el(tag, attributes));
  }

  // Text with its spans; where spans overlap, each piece shows all of its labels.
  function marked(text, spans, into, colours, limit, needle) {
    const cut = text.length > limit ? safeCut(text, limit) : text;
    const edges = new Set([0, cut.length]);
    for (const [start, end] of spans) for (const edge of [start, end]) if (edge > 0 && edge < cut.length) edges.add(edge);
    const places = [...edges].sort((a, b) => a - b);
    for (let i = 0; i + 1 < places.length; i++) {
      const [from, to] = [places[i], places[i + 1]];
      const here = spans.filter(([start, end]) => start <= from && end >= to);
      const piece = cut.slice(from, to);
      if (!here.length) hits(piece, into, needle);
      else {
        const last = here[here.length - 1][2];
        const mark = el("mark", { class: `c${colours.get(last) ?? 7}`, title: here.map((span) => span[2]).join(", ") });
        hits(piece, mark, needle);
        const ending = here.filter((span) => span[1] === to).map((span) => span[2]);
        if (ending.length) mark.append(shown("sub", {}, ending.join(", ")));
        into.append(mark);
      }
    }
    if (cut.length < text.length) into.append(`… (${num(text.length - cut.length)} more)`);
    return into;
  }
  // A whole text; the end of a very long one is shown after a click.
  const LONG = 20000; // UTF-16 units
  function fullText(text, spans, colours, needle, look) {
    const into = el("p", { class: `full ${look || ""}`, dir: "auto" });
    marked(text, spans, into, colours, LONG, needle);
    if (text.length <= LONG) return into;
    const button = el("button", { type: "button", onclick: () => {
      button.remove();
      into.replaceChildren();
      marked(text, spans, into, colours, Infinity, needle);
    } }, `Show all ${num(text.length)} characters`);
    return el("div", {}, into, button);
  }
  function safeCut(text, limit) {
    const code = text.charCodeAt(limit - 1);
    return text.slice(0, code >= 0xd800 && code < 0xdc00 ? limit - 1 : limit);
  }
  const brieftext = (text) => (text.length > 200 ? `${safeCut(text, 200)}… (${num(text.length - 200)} more)` : text);
  function hits(text, into, needle) {
    if (!needle) return show(text, into);
    const low = text.toLowerCase();
    if (low.length !== text.length) return show(text, into);
    let at = 0;
    for (let found = low.indexOf(needle); found >= 0; found = low.indexOf(needle, at)) {
      show(text.slice(at, found), into);
      into.append(shown("mark", { class: "hit" }, text.slice(found, found + needle.length)));
      at = found + needle.length;
    }
    return show(text.slice(at), into);
  }

  // -- rows ----------------------------------------------------------------------------------------------------------

  // A chunk is base64 of gzip of a JSON array. Parsed once, then its text is dropped.
  const chunks = new Map();
  async function chunk(id) {
    if (!chunks.has(id)) chunks.set(id, unpack(id));
    return chunks.get(id);
  }
  async function unpack(id) {
    if (!$(id) && document.readyState === "loading") {
      await new Promise((done) => document.addEventListener("DOMContentLoaded", done, { once: true }));
    }
    const packed = atob($(id).textContent);
    $(id).remove();
    const bytes = new Uint8Array(packed.length);
    for (let i = 0; i < packed.length; i++) bytes[i] = packed.charCodeAt(i);
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
    return JSON.parse(await new Response(stream).text());
  }
  // A row is [text or [role, content, …], annotation, id, score]; the annotation is a label, labels, or spans, each
  // [start, end, label, score].
  const textOf = (row) => (typeof row[0] === "string" ? row[0] : row[0].filter((_, i) => i % 2).join("\n"));
  const labelsOf = (row) =>
    row[1] === null || row[1] === undefined ? [] : typeof row[1] === "string" ? [row[1]]
      : row[1].map((one) => (typeof one === "string" ? one : one[2]));
  function confidence(row) {
    if (typeof row[3] === "number") return row[3];
    const scores = Array.isArray(row[1]) ? row[1].filter((one) => typeof one[3] === "number").map((one) => one[3]) : [];
    return scores.length ? Math.min(...scores) : null;
  }
  const spansOf = (row) => (Array.isArray(row[1]) ? row[1].filter((one) => Array.isArray(one) && one[0] !== null && typeof one[0] === "number") : []);
  const looseOf = (row) => (Array.isArray(row[1]) ? row[1].filter((one) => Array.isArray(one) && typeof one[0] === "string") : []);

  // -- a list of any length: only what is on the screen is in the page -----------------------------------------------

  const HEIGHT = 62;
  const TALLEST = 8e6; // px; browsers refuse boxes beyond 17 to 33 million
  class List {
    constructor(label, draw, open) {
      this.draw = draw;
      this.open = open;
      this.count = 0;
      this.at = -1;
      this.pool = new Map();
      this.room = el("div", {});
      this.node = el("div", { class: "list", tabindex: "0", role: "listbox", "aria-label": label, id: "list" }, this.room);
      this.node.addEventListener("scroll", () => this.paint(), { passive: true });
      this.node.addEventListener("keydown", (event) => this.key(event));
      this.node.addEventListener("click", (event) => {
        const item = event.target.closest(".item");
        if (item) this.select(Number(item.dataset.i));
      });
      new ResizeObserver(() => this.paint()).observe(this.node);
    }
    set(count) {
      this.count = count;
      this.at = -1;
      this.clear();
      const whole = count * HEIGHT;
      this.tall = Math.min(whole, TALLEST);
      this.room.style.height = `${this.tall}px`;
      this.node.scrollTop = 0;
      this.paint();
      if (count) this.select(0, true);
      else this.open(-1);
    }
    // More rows were loaded: the rows on the screen stay.
    grow(count) {
      if (!this.count) return this.set(count);
      this.count = count;
      this.tall = Math.min(count * HEIGHT, TALLEST);
      this.room.style.height = `${this.tall}px`;
      this.paint();
    }
    clear() {
      for (const item of this.pool.values()) item.remove();
      this.pool.clear();
    }
    // Pixels of the whole list above the window; if the list is taller than an element may be, scrolling is scaled.
    offset() {
      const seen = this.node.clientHeight;
      const [real, bar] = [this.count * HEIGHT - seen, this.tall - seen];
      return real <= bar || bar <= 0 ? this.node.scrollTop : (this.node.scrollTop / bar) * real;
    }
    paint() {
      const above = this.offset();
      const first = Math.max(0, Math.floor(above / HEIGHT) - 4);
      const last = Math.min(this.count, Math.ceil((above + this.node.clientHeight) / HEIGHT) + 4);
      for (const [i, item] of this.pool) {
        if (i < first || i >= last) {
          item.remove();
          this.pool.delete(i);
        }
      }
      for (let i = first; i < last; i++) {
        let item = this.pool.get(i);
        if (!item) {
          item = el("div", { class: "item", role: "option", id: `row-${i}`, "aria-posinset": i + 1, "data-i": i });
          this.draw(i, item);
          this.pool.set(i, item);
          this.room.append(item);
        }
        item.setAttribute("aria-setsize", this.count);
        item.setAttribute("aria-selected", i === this.at);
        item.style.top = `${i * HEIGHT - above + this.node.scrollTop}px`;
      }
    }
    select(i, quiet) {
      this.at = Math.max(0, Math.min(this.count - 1, i));
      if (!quiet) this.reveal();
      this.paint();
      this.node.setAttribute("aria-activedescendant", `row-${this.at}`);
      this.open(this.at);
    }
    reveal() {
      const [above, seen] = [this.offset(), this.node.clientHeight];
      const top = this.at * HEIGHT;
      let want = above;
      if (top < above) want = top;
      else if (top + HEIGHT > above + seen) want = top + HEIGHT - seen;
      if (want === above) return;
      const [real, bar] = [this.count * HEIGHT - seen, this.tall - seen];
      this.node.scrollTop = real <= bar ? want : (want / real) * bar;
    }
    key(event) {
      const page = Math.max(1, Math.floor(this.node.clientHeight / HEIGHT) - 1);
      const steps = { ArrowDown: 1, j: 1, ArrowUp: -1, k: -1, PageDown: page, PageUp: -page, Home: -Infinity, End: Infinity };
      if (event.ctrlKey || event.metaKey || event.altKey || !(event.key in steps) || !this.count) return;
      event.preventDefault();
      const step = steps[event.key];
      this.select(step === Infinity ? this.count - 1 : step === -Infinity ? 0 : this.at + step);
    }
  }

  // -- parts of pages ------------------------------------------------------------------------------------------------

  const main = $("main");
  let page = 0; // counts the pages shown, so that work for an earlier page stops

  const LINK = (name, tab) => `#/d/${encodeURIComponent(name)}${tab ? `/${tab}` : ""}`;
  const state = (value) => el("span", { class: `state ${value}` }, value);
  const card = (value, text) => el("div", { class: "card" }, shown("b", {}, value), el("span", {}, text));
  function table(heads, rows) {
    return el("div", { class: "wide" }, el("table", {},
      el("thead", {}, el("tr", {}, heads.map((head) => el("th", { class: head[1] || null, scope: "col" }, head[0])))),
      el("tbody", {}, rows)));
  }
  function bars(counts, what, whole) {
    const most = Math.max(1, ...counts.map((one) => one[1]));
    const drawn = counts.slice(0, 60).map(([name, count]) => el("tr", {},
      shown("td", {}, name),
      el("td", { class: "bar" }, svg("svg", { "aria-hidden": "true" },
        svg("rect", { class: "back", width: "100%", height: "100%" }),
        svg("rect", { class: "now", width: `${(100 * count) / most}%`, height: "100%", rx: 2 }))),
      el("td", { class: "n" }, num(count)), el("td", { class: "n soft" }, percent(count, whole))));
    const more = counts.length > 60 ? el("p", { class: "soft" }, `… and ${num(counts.length - 60)} more`) : null;
    return el("div", {}, el("table", { class: "bars", "aria-label": what }, el("tbody", {}, drawn)), more);
  }
  function histogram(bins, what, unit) {
    const most = Math.max(1, ...bins.map((bin) => bin[2]));
    const picture = svg("svg", { viewBox: `0 0 ${bins.length * 10} 100`, preserveAspectRatio: "none", role: "img", "aria-label": what });
    bins.forEach(([from, to, count], i) => {
      const height = count ? Math.max(1, (98 * count) / most) : 0;
      picture.append(svg("rect", { class: "now", x: i * 10 + 0.6, y: 100 - height, width: 8.8, height },
        svg("title", {}, `${from} to ${to} ${unit}: ${num(count)}`)));
    });
    const last = bins[bins.length - 1];
    const rows = bins.map(([from, to, count]) => el("tr", {}, el("td", {}, `${from} – ${to}`), el("td", { class: "n" }, num(count))));
    return el("div", { class: "hist" }, picture,
      el("div", { class: "axis" }, el("span", {}, `${bins[0][0]}`), el("span", {}, unit), el("span", {}, `${last[1]}`)),
      el("details", {}, el("summary", { class: "soft" }, "as a table"), table([[unit], ["rows", "n"]], rows)));
  }
  function value(item) {
    if (item === null || item === undefined) return el("span", { class: "soft" }, "none");
    if (typeof item === "string") return shown("span", {}, item);
    if (Array.isArray(item) && item.every((one) => typeof one === "string")) return shown("span", {}, item.join(", "));
    if (Array.isArray(item) && item.every((one) => one && typeof one.text === "string")) {
      return el("span", {}, item.map((one, i) => show(`${i ? "\n" : ""}${one.text} → ${one.label}`, el("span", {}))));
    }
    return shown("span", { class: "mono" }, JSON.stringify(item));
  }

  // -- the overview --------------------------------------------------------------------------------------------------

  function showOverview() {
    const all = overview.datasets;
    const rows = all.reduce((sum, one) => sum + one.examples, 0);
    const quarantined = all.reduce((sum, one) => sum + one.quarantined.total, 0);
    const changed = overview.since ? all.filter((one) => one.change).length + overview.removed.length : null;
    main.append(el("h2", {}, "Datasets"),
      el("p", { class: "lead" }, `Backend ${overview.backend}. ${overview.since ? `Changes since ${overview.since}.` : ""}`),
      ...overview.notes.map((note) => shown("p", { class: "note" }, note)),
      el("div", { class: "cards" }, card(num(all.length), noun(all.length, "dataset")), card(num(rows), noun(rows, "row")), card(num(quarantined), "quarantined"),
        changed === null ? null : card(num(changed), "changed")),
      table([["dataset"], ["task"], ["state"], ["rows", "n"], ["version"], ["quarantined", "n"], ...(overview.since ? [["since"]] : [])],
        all.map((one) => el("tr", {},
          el("td", { class: "any" }, el("a", { href: LINK(one.dataset_name) }, one.dataset_name)),
          el("td", {}, one.task_type), el("td", {}, state(one.state)), el("td", { class: "n" }, num(one.examples)),
          shown("td", { class: "any" }, one.version ?? "–"), el("td", { class: "n" }, num(one.quarantined.total)),
          overview.since ? el("td", {}, one.change ? el("a", { href: LINK(one.dataset_name, "changes") }, brief(one.change)) : "–") : null))));
    if (overview.removed.length) {
      main.append(el("h3", {}, "No longer in the lock"),
        el("ul", {}, overview.removed.map((one) => shown("li", {}, `${one.dataset_name}: had ${plural(one.examples.old, "row")}`))));
    }
  }
  function brief(change) {
    const rows = change.rows;
    if (!rows) return change.content_changed ? `${change.change}, new content` : change.change;
    const parts = [[rows.added, "+"], [rows.removed, "−"], [rows.relabelled, "~"]].filter((one) => one[0]);
    return parts.length ? parts.map(([count, sign]) => `${sign}${num(count)}`).join(" ") : change.change;
  }

  // -- one dataset ---------------------------------------------------------------------------------------------------

  function showDataset(one, tab) {
    const tabs = [["", "Summary"]];
    if (one.examples) tabs.push(["rows", `Rows (${num(one.examples)})`]);
    if (one.quarantined.total) tabs.push(["quarantined", `Quarantined (${num(one.quarantined.total)})`]);
    if (one.change) tabs.push(["changes", "Changes"]);
    main.append(el("h2", {}, one.dataset_name),
      el("nav", { class: "tabs", "aria-label": "Views" }, tabs.map(([key, text]) =>
        el("a", { href: LINK(one.dataset_name, key), "aria-current": key === tab ? "page" : null }, text))));
    const views = { rows: rowsView, quarantined: quarantinedView, changes: changesView };
    (Object.hasOwn(views, tab) ? views[tab] : summaryView)(one);
  }

  function summaryView(one) {
    const sum = one.summary;
    if (one.description) main.append(shown("p", { class: "lead" }, one.description));
    main.append(el("div", { class: "cards" }, card(num(one.examples), noun(one.examples, "row")), el("div", { class: "card" }, el("b", {}, state(one.state)),
      el("span", {}, one.verified ? "verified" : "not verified")), card(one.version ?? "–", "version"),
      sum ? card(num(sum.duplicates), noun(sum.duplicates, "duplicate")) : null,
      sum && one.task_type === "ner" ? card(num(sum.empty), "without an entity") : null));
    if (one.command) {
      const isCommand = one.command.startsWith("pioneer-build ");
      main.append(el("p", { class: "note" }, "To bring it up to date: ", isCommand ? el("code", {}, one.command) : one.command));
    }
    if (one.stale) main.append(el("p", { class: "note" }, "These rows are of an earlier definition, which the spec no longer has."));
    if (one.reason) main.append(shown("p", { class: "note" }, one.reason));
    if (one.unseen) main.append(shown("p", { class: "note" }, `No rows to show: ${one.unseen}.`));
    if (sum) {
      const charts = el("div", { class: "charts" });
      if (sum.labels.length) {
        const whole = sum.labels.reduce((total, label) => total + label[1], 0);
        const what = one.task_type === "ner" ? "Label balance (mentions)" : "Label balance (rows)";
        charts.append(el("section", {}, el("h3", {}, what), bars(sum.labels, what, whole)));
      }
      if (sum.lengths.length) {
        const { min, median, max } = sum.length;
        charts.append(el("section", {}, el("h3", {}, `Lengths: ${num(min)} to ${plural(max, "character")}, median ${num(median)}`),
          histogram(sum.lengths, "Lengths of the texts", "characters")));
      }
      if (sum.confidence) {
        const bins = sum.confidence.bins.map((count, i) => [(i / 10).toFixed(1), ((i + 1) / 10).toFixed(1), count]);
        charts.append(el("section", {}, el("h3", {}, `Confidence: mean ${sum.confidence.mean.toFixed(2)}`),
          histogram(bins, "Lowest score of each row", "score")));
      }
      main.append(charts);
    }
    const facts = Object.entries(one.definition);
    if (one.owner) facts.push(["owner", one.owner]);
    if (one.tags.length) facts.push(["tags", one.tags]);
    if (one.inputs) facts.push(["inputs", `${plural(one.inputs.texts, "text")}, ${num(one.inputs.distinct)} distinct, ${num(one.inputs.annotated)} annotated`]);
    facts.push(["remote name", one.remote_name], ["fingerprint", one.fingerprint ?? "none"], ["content", one.content ?? "unknown"]);
    main.append(el("h3", {}, "Definition"), el("dl", {}, facts.flatMap(([key, item]) => [el("dt", {}, key), el("dd", {}, value(item))])));
    if (one.jobs.length) {
      main.append(el("h3", {}, "Jobs and versions"), table(
        [["job"], ["state"], ["requested", "n"], ["accepted", "n"], ["version"], ["remote name"], [""]],
        one.jobs.map((job) => el("tr", {}, shown("td", { class: "mono any" }, job.job_id ?? "no id"), el("td", {}, state(job.state)),
          el("td", { class: "n" }, num(job.examples)), el("td", { class: "n" }, job.accepted === null ? "?" : num(job.accepted)),
          shown("td", {}, job.version === null ? "–" : `${job.version}${job.inferred ? " (inferred)" : ""}`),
          shown("td", { class: "any" }, job.remote_name), shown("td", { class: "any" }, job.reason ?? "")))));
    }
  }

  const colourMap = (one) => new Map((one.summary ? one.summary.labels : []).map(([name], i) => [name, i % 8]));

  function rowsView(one) {
    if (!one.chunks.length) {
      main.append(shown("p", { class: "note" }, `No rows to show: ${one.unseen ?? "this page contains none"}.`));
      return;
    }
    main.classList.add("rows");
    const colours = colourMap(one);
    const rows = [];
    let kept = [];
    let needle = "";
    const search = el("input", { type: "search", placeholder: "Search texts  ( / )", "aria-label": "Search texts", id: "search", spellcheck: "false" });
    const label = el("select", { "aria-label": "Label", id: "label" }, el("option", { value: "" }, "any label"));
    if (one.task_type === "ner") label.append(el("option", { value: "-" }, "no entity"));
    for (const [name] of one.summary ? one.summary.labels : []) label.append(shown("option", { value: `=${name}` }, name));
    const order = el("select", { "aria-label": "Order", id: "order" }, [["", "original order"], ["long", "longest first"], ["short", "shortest first"],
      ...(one.summary && one.summary.confidence ? [["sure", "lowest confidence first"]] : [])].map(([key, text]) => el("option", { value: key }, text)));
    const count = el("output", { role: "status", id: "count" });
    const detail = el("section", { class: "detail", "aria-label": "The selected row", tabindex: "0", id: "detail" });
    const list = new List("Rows", (i, item) => {
      const row = rows[kept[i]];
      const text = el("span", { class: "txt" });
      marked(typeof row[0] === "string" ? row[0] : row[0].filter((_, j) => j % 2).join(" ⟶ "), typeof row[0] === "string" ? spansOf(row) : [], text, colours, 320, needle);
      const tags = el("span", { class: "tags" });
      if (typeof row[1] === "string") tags.append(tag(row[1], colours));
      else if (one.task_type === "classification") for (const name of labelsOf(row).slice(0, 2)) tags.append(tag(name, colours));
      item.append(el("span", { class: "no" }, num(kept[i] + 1)), text, tags);
    }, (i) => {
      detail.replaceChildren();
      if (i >= 0) rowDetail(one, rows[kept[i]], kept[i], detail, colours, needle);
    });
    list.node.style.setProperty("--digits", `${Math.max(2, num(one.embedded).length) * 0.55 + 0.2}rem`);
    label.hidden = label.options.length < 2;
    main.append(el("div", { class: "tools", role: "search" }, search, label, order, count), el("div", { class: "split" }, list.node, detail));
    const mine = page;
    const matches = (row) => {
      const want = label.value;
      if (want === "-" && row[1].length) return false;
      if (want[0] === "=" && !labelsOf(row).includes(want.slice(1))) return false;
      if (!needle) return true;
      return textOf(row).toLowerCase().includes(needle) || (row[2] !== null && row[2] !== undefined && String(row[2]).toLowerCase().includes(needle));
    };
    const tell = (done) => {
      const embedded = one.embedded < one.examples ? ` (this page contains the first ${num(one.embedded)} of ${num(one.examples)})` : "";
      count.textContent = `${num(kept.length)} of ${plural(rows.length, "row")}${embedded}${done ? "" : " …"}`;
    };
    const filter = () => {
      needle = search.value.trim().toLowerCase();
      kept = [];
      for (let i = 0; i < rows.length; i++) if (matches(rows[i])) kept.push(i);
      const key = { long: (i) => -textOf(rows[i]).length, short: (i) => textOf(rows[i]).length, sure: (i) => confidence(rows[i]) ?? 2 }[order.value];
      if (key) {
        const keys = new Map(kept.map((i) => [i, key(i)]));
        kept.sort((a, b) => keys.get(a) - keys.get(b) || a - b);
      }
      list.set(kept.length);
      tell(true);
    };
    let waiting = 0;
    const soon = () => {
      clearTimeout(waiting);
      waiting = setTimeout(filter, 120);
    };
    search.addEventListener("input", soon);
    for (const control of [label, order]) control.addEventListener("change", filter);
    search.addEventListener("keydown", (event) => {
      if (event.key === "ArrowDown" || event.key === "Enter") list.node.focus();
    });
    (async () => {
      for (const id of one.chunks) {
        const more = await chunk(id);
        if (mine !== page) return;
        for (const row of more) {
          if (!needle && !label.value && !order.value) kept.push(rows.length);
          rows.push(row);
        }
        if (!needle && !label.value && !order.value) list.grow(kept.length);
        tell(false);
      }
      if (needle || label.value || order.value) filter();
      tell(true);
      document.documentElement.dataset.rows = String(rows.length);
    })().catch((error) => main.append(shown("p", { class: "note" }, `The rows can't be read in this browser: ${error.message}`)));
  }
  const tag = (name, colours) => shown("span", { class: `tag c${colours.get(name) ?? 7}`, title: name }, name);

  function rowDetail(one, row, i, into, colours, needle) {
    const id = row[2] === null || row[2] === undefined ? null : shown("code", {}, JSON.stringify(row[2]));
    into.append(el("div", { class: "who" }, `Row ${num(i + 1)}, ${plural([...textOf(row)].length, "character")} `, id));
    if (typeof row[0] === "string") into.append(fullText(row[0], spansOf(row), colours, needle));
    else {
      for (let j = 0; j < row[0].length; j += 2) {
        into.append(shown("div", { class: "who" }, row[0][j]), fullText(row[0][j + 1], [], colours, needle));
      }
    }
    const score = (value) => (typeof value === "number" ? ` ${value.toFixed(2)}` : "");
    if (one.task_type === "classification") into.append(el("p", {}, labelsOf(row).map((name) => tag(name, colours)), score(row[3])));
    const spans = [...spansOf(row), ...looseOf(row)];
    if (spans.length) {
      into.append(table([["span"], ["label"], ["score", "n"]], spans.map((span) => el("tr", {},
        typeof span[0] === "string" ? shown("td", { class: "any" }, `${span[0]} (position unknown)`) : shown("td", { class: "any" }, brieftext(row[0].slice(span[0], span[1]))),
        el("td", {}, tag(span[2], colours)), el("td", { class: "n" }, score(span[3]) || "–")))));
    } else if (one.task_type === "ner") into.append(el("p", { class: "soft" }, "No entities."));
  }

  function quarantinedView(one) {
    const causes = one.quarantined.causes;
    const whole = one.quarantined.total;
    main.classList.add("rows");
    const pick = el("select", { "aria-label": "Cause", id: "cause" }, el("option", { value: "" }, `any cause (${num(whole)})`),
      causes.map(([cause, count]) => shown("option", { value: cause }, `${cause} (${num(count)})`)));
    const count = el("output", { role: "status", id: "count" });
    const detail = el("section", { class: "detail", "aria-label": "The selected row", tabindex: "0", id: "detail" });
    const rows = [];
    let kept = [];
    const list = new List("Quarantined rows", (i, item) => {
      const [cause, message] = rows[kept[i]];
      item.append(el("span", { class: "no" }, num(kept[i] + 1)), show(message.slice(0, 320), el("span", { class: "txt" }), true),
        el("span", { class: "tags" }, shown("span", { class: "tag" }, cause)));
    }, (i) => {
      detail.replaceChildren();
      if (i < 0) return;
      const [cause, message, where, raw] = rows[kept[i]];
      detail.append(shown("div", { class: "who" }, where), fullText(`${cause}: ${message}`, [], new Map(), ""));
      if (raw !== null) detail.append(shown("div", { class: "who" }, "as received"), fullText(raw, [], new Map(), "", "mono"));
    });
    main.append(el("details", {}, el("summary", {}, "By cause"), bars(causes, "Causes", whole)),
      el("div", { class: "tools" }, pick, count), el("div", { class: "split" }, list.node, detail));
    const filter = () => {
      kept = rows.map((_, i) => i).filter((i) => !pick.value || rows[i][0] === pick.value);
      list.set(kept.length);
      const part = rows.length < whole ? ` (this page contains the first ${num(rows.length)})` : "";
      count.textContent = `${num(kept.length)} of ${num(whole)}${part}`;
    };
    pick.addEventListener("change", filter);
    const mine = page;
    (async () => {
      for (const id of one.quarantined.chunks) rows.push(...(await chunk(id)));
      if (mine === page) filter();
    })().catch((error) => main.append(shown("p", { class: "note" }, `The rows can't be read in this browser: ${error.message}`)));
  }

  function changesView(one) {
    const change = one.change;
    main.append(shown("p", { class: "lead" }, `Since ${overview.since}: ${change.change}${change.renamed_from ? ` from ${change.renamed_from}` : ""}, ${change.examples.old === change.examples.new ? "" : `${num(change.examples.old)} → `}${plural(change.examples.new, "row")}`));
    if (change.rows) {
      const rows = change.rows;
      main.append(el("div", { class: "cards" }, card(num(rows.added), "added"), card(num(rows.removed), "removed"), card(num(rows.relabelled), "relabelled"),
        rows.rescored ? card(num(rows.rescored), "changed scores or ids") : null));
      if (rows.labels.length) main.append(el("h3", {}, "Label shift"), shiftTable(rows));
    } else if (change.rows_unknown) main.append(shown("p", { class: "note" }, `The rows can't be compared: ${change.rows_unknown}.`));
    if (change.fields.length) {
      main.append(el("h3", {}, "Definition and state"), table([["what"], ["before"], ["now"]], change.fields.map((one) => el("tr", {},
        shown("td", {}, one.field), el("td", { class: "any gone" }, value(one.old)), el("td", { class: "any add" }, value(one.new))))));
    }
    if (change.jobs.length) {
      main.append(el("h3", {}, "Jobs"), table([["job"], ["before"], ["now"], ["requested", "n"], ["version"]], change.jobs.map((job) => el("tr", {},
        shown("td", { class: "mono any" }, job.job_id ?? "no id"), shown("td", {}, job.old_state ?? "–"), shown("td", {}, job.new_state ?? "–"),
        el("td", { class: "n" }, num(job.examples)), shown("td", {}, job.version ?? "–")))));
    }
    if (change.rows && change.samples.length) {
      main.append(el("h3", {}, "Some of the changed rows"), el("ul", { class: "samples" }, change.samples.map(sampleItem(colourMap(one)))));
    }
  }
  function shiftTable(rows) {
    const total = (side) => rows.labels.reduce((sum, label) => sum + label[side], 0);
    const [before, now] = [total("old"), total("new")];
    const most = Math.max(1e-9, ...rows.labels.map((label) => Math.max(label.old / (before || 1), label.new / (now || 1))));
    const width = (count, whole) => `${whole ? (100 * count) / whole / most : 0}%`;
    return el("div", {}, el("table", { class: "bars", "aria-label": "Label shift" }, el("tbody", {}, rows.labels.slice(0, 60).map((label) => el("tr", {},
      shown("td", {}, label.label),
      el("td", { class: "bar" }, svg("svg", { class: "two", "aria-hidden": "true" },
        svg("rect", { class: "old", width: width(label.old, before), height: "45%", rx: 2 }),
        svg("rect", { class: "now", y: "55%", width: width(label.new, now), height: "45%", rx: 2 }))),
      el("td", { class: "n" }, `${percent(label.old, before)} → ${percent(label.new, now)}`), el("td", { class: "n soft" }, `${num(label.old)} → ${num(label.new)}`))))));
  }
  const sampleItem = (colours) => ([kind, old, row]) => {
    const shownRow = row ?? old;
    const item = el("li", {}, el("b", { class: kind === "added" ? "add" : kind === "removed" ? "gone" : "" }, `${kind} `));
    const text = typeof shownRow[0] === "string" ? shownRow[0] : shownRow[0].filter((_, i) => i % 2).join(" ⟶ ");
    marked(text, typeof shownRow[0] === "string" ? spansOf(shownRow) : [], item, colours, 400, "");
    const said = (one) => labelsOf(one).join(", ") || (typeof one[0] === "string" ? "no entities" : one[0][one[0].length - 1].slice(0, 200));
    item.append(" ", kind === "relabelled" ? shown("span", { class: "soft" }, `(${said(old)} → ${said(row)})`) : shown("span", { class: "soft" }, `(${said(shownRow)})`));
    return item;
  };

  // -- navigation ----------------------------------------------------------------------------------------------------

  function names(wanted) {
    const low = wanted.toLowerCase();
    const fitting = overview.datasets.filter((one) => one.dataset_name.toLowerCase().includes(low));
    const shownNames = fitting.slice(0, 500).map((one) => el("li", {}, el("a", { href: LINK(one.dataset_name), "data-name": one.dataset_name },
      one.dataset_name, el("small", {}, `${one.task_type}, ${plural(one.examples, "row")}`))));
    $("names").replaceChildren(el("li", {}, el("a", { href: "#/", "data-name": "" }, "All datasets")), ...shownNames,
      ...(fitting.length > 500 ? [el("li", { class: "soft" }, `… and ${num(fitting.length - 500)} more`)] : []));
    current();
  }
  function place() {
    const [, name, tab] = /^#\/d\/([^/]*)(?:\/(\w*))?$/.exec(location.hash) || [];
    let wanted = "";
    try {
      wanted = decodeURIComponent(name || "");
    } catch {
      wanted = "";
    }
    return [byName.get(wanted), tab || ""];
  }
  function current() {
    const [one] = place();
    for (const link of $("names").querySelectorAll("a")) {
      if (link.dataset.name === (one ? one.dataset_name : "")) link.setAttribute("aria-current", "page");
      else link.removeAttribute("aria-current");
    }
  }
  function go() {
    page++;
    const [one, tab] = place();
    main.replaceChildren();
    main.classList.remove("rows");
    main.scrollTop = 0;
    if (one) showDataset(one, tab);
    else showOverview();
    document.title = one ? `${one.dataset_name} · pioneer-build` : "pioneer-build report";
    current();
  }
  const themes = ["auto", "light", "dark"];
  function theme(name) {
    if (name === "auto") delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = name;
    $("theme").textContent = `Theme: ${name}`;
    $("theme").dataset.now = name;
    try {
      localStorage.setItem("pioneer-build-theme", name);
    } catch {
      // a browser may refuse storage to a file; the theme then holds for this visit
    }
  }
  let remembered = "auto";
  try {
    remembered = localStorage.getItem("pioneer-build-theme") || "auto";
  } catch {
    remembered = "auto";
  }
  theme(themes.includes(remembered) ? remembered : "auto");
  $("theme").addEventListener("click", () => theme(themes[(themes.indexOf($("theme").dataset.now) + 1) % 3]));
  $("menu").addEventListener("click", () => {
    const shut = $("side").classList.toggle("shut");
    $("menu").setAttribute("aria-expanded", String(!shut));
  });
  $("find").addEventListener("input", () => names($("find").value));
  document.addEventListener("keydown", (event) => {
    if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey || /^(INPUT|SELECT|TEXTAREA)$/.test(event.target.tagName)) return;
    event.preventDefault();
    ($("search") || $("find")).focus();
  });
  show(overview.title, $("about"));
  window.addEventListener("hashchange", () => {
    $("side").classList.add("shut");
    $("menu").setAttribute("aria-expanded", "false");
    go();
  });
  names("");
  go();
})();
