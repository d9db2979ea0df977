"use strict";
(() => {
  const make = (tag, properties, ...children) => {
    const element = Object.assign(document.createElement(tag), properties);
    element.append(...children);
    return element;
  };

  // A cell's figure: its first number, without the commas between thousands; NaN where it has none.
  const figure = (cell) => {
    const found = cell.textContent.replaceAll(",", "").match(/[-+−]?\d*\.?\d+(?:e[-+]?\d+)?/i);
    return found ? Number(found[0].replace("−", "-")) : NaN;
  };

  const compare = (column, descending) => (one, other) => {
    const [a, b] = [one.cells[column], other.cells[column]];
    const [x, y] = [figure(a), figure(b)];
    const order = column === 0 || (Number.isNaN(x) && Number.isNaN(y))
      ? a.textContent.localeCompare(b.textContent)
      : Number.isNaN(x) ? Infinity : Number.isNaN(y) ? -Infinity : x - y;
    // what has no figure stays below, whichever way the others go
    return Number.isFinite(order) ? (descending ? -order : order) : order > 0 ? 1 : -1;
  };

  const sortable = (table) => {
    const heads = [...table.tHead.rows[0].cells];
    heads.forEach((head, column) => {
      if (head.tagName !== "TH") return;
      const button = make("button", { type: "button" }, ...head.childNodes);
      button.addEventListener("click", () => {
        const descending = head.getAttribute("aria-sort") === "ascending";
        heads.forEach((other) => other.removeAttribute("aria-sort"));
        head.setAttribute("aria-sort", descending ? "descending" : "ascending");
        for (const body of table.tBodies) {
          body.append(...[...body.rows].sort(compare(column, descending)));
        }
      });
      head.append(button);
    });
  };

  const filterable = (table) => {
    const rows = [...table.tBodies].flatMap((body) => [...body.rows]);
    if (rows.length < 8) return;
    const input = make("input", { type: "search", placeholder: "part of a name" });
    const count = make("span", { role: "status" });
    input.addEventListener("input", () => {
      const wanted = input.value.trim().toLowerCase();
      rows.forEach((row) => { row.hidden = !row.cells[0].textContent.toLowerCase().includes(wanted); });
      count.textContent = wanted ? `${rows.filter((row) => !row.hidden).length} of ${rows.length}` : "";
    });
    const label = make("label", {}, "Show rows with ", input);
    table.parentElement.before(make("div", { className: "tools" }, label, count));
  };

  // One data set and protocol at a time, where there are several.
  const switching = () => {
    const sections = [...document.querySelectorAll("section.whole")];
    const nav = document.getElementById("sections");
    if (!nav || sections.length < 2) return;
    const links = [...nav.querySelectorAll("a")];
    const all = make("a", { href: "#all" }, "all of them");
    nav.querySelector("ul").append(make("li", {}, all));
    let last = sections[0]; // what stands outside of all sections leaves shown what is shown
    const show = () => {
      const target = location.hash.slice(1);
      const holder = document.getElementById(target)?.closest("section.whole");
      const shown = target === "all" ? null : target && !holder && document.getElementById(target) ? last : holder ?? sections[0];
      last = shown;
      sections.forEach((section) => { section.hidden = shown !== null && section !== shown; });
      links.forEach((link, place) => link.setAttribute("aria-current", String(sections[place] === shown)));
      all.setAttribute("aria-current", String(shown === null));
      if (holder && target !== shown.id) document.getElementById(target).scrollIntoView();
    };
    addEventListener("hashchange", show);
    addEventListener("beforeprint", () => sections.forEach((section) => { section.hidden = false; }));
    addEventListener("afterprint", show);
    show();
  };

  const theme = () => {
    const root = document.documentElement;
    const dark = () => (root.dataset.theme ?? (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light")) === "dark";
    const button = make("button", { type: "button" });
    const label = () => { button.textContent = dark() ? "Light" : "Dark"; };
    button.addEventListener("click", () => { root.dataset.theme = dark() ? "light" : "dark"; label(); });
    label();
    document.querySelector("header").append(make("div", { className: "tools" }, button));
  };

  document.querySelectorAll("table").forEach((table) => { sortable(table); filterable(table); });
  switching();
  theme();
})();
