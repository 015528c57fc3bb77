// SPDX-License-Identifier: Apache-2.0
// Finds places in the handbook, offline: the list of them is a script beside the pages, loaded when somebody begins to type.
"use strict";
(() => {
  const own = document.currentScript, MOST = 12, AROUND = 60, HAN = /[\u3400-\u9fff]/, MANY = 0.6;
  const box = document.querySelector(".find"), field = document.getElementById("k-find");
  const shown = document.getElementById("k-found"), said = shown.querySelector("p"), list = shown.querySelector("ul");
  let places = null;
  box.hidden = false;
  window.handbookPlaces = (found) => { places = found.map((each) => [...each, `${each[1]} ${each[2]} ${each[3]}`.toLowerCase()]); find(); };

  const load = () => {
    if (places || document.querySelector("script[data-places]")) return;
    const script = document.createElement("script");
    script.dataset.places = "";
    script.src = own.dataset.index;
    document.head.append(script);
  };

  // Chinese is written without blanks: what is not there as it was typed is there in part when most of its pairs of characters are.
  const pairs = (word) => HAN.test(word) ? [...word].slice(1).map((each, at) => [...word][at] + each) : [];
  const share = (text, word) => {
    if (text.includes(word)) return 1;
    const all = pairs(word), there = all.filter((each) => text.includes(each)).length / all.length;
    return all.length > 1 && there >= MANY ? there / 2 : 0;
  };

  // A word in the title weighs much, one in the heading most; every word must be somewhere in the place.
  const weight = ([, title, heading, , all], words) => words.every((each) => share(all, each))
    ? words.reduce((sum, each) => sum + 4 * share(title.toLowerCase(), each) + 6 * share(heading.toLowerCase(), each) + share(all, each), 0) : 0;

  const excerpt = (text, word) => {
    const lower = text.toLowerCase(), mark = [word, ...pairs(word)].find((each) => lower.includes(each)) ?? word;
    const at = Math.max(0, lower.indexOf(mark) - AROUND / 2);
    return (at ? "…" : "") + text.slice(at, at + 2 * AROUND) + (at + 2 * AROUND < text.length ? "…" : "");
  };

  const item = ([link, title, heading, text], word) => {
    const line = document.createElement("li"), to = document.createElement("a"), below = document.createElement("span");
    to.href = own.dataset.home + link;
    to.textContent = heading === title ? title : `${title} · ${heading}`;
    below.textContent = excerpt(text, word);
    line.append(to, below);
    return line;
  };

  const find = () => {
    const words = field.value.toLowerCase().split(/\s+/).filter(Boolean);
    shown.hidden = !words.length || !places;
    if (shown.hidden) return;
    const found = places.map((each) => [weight(each, words), each]).filter(([sum]) => sum).sort((one, two) => two[0] - one[0]);
    const told = found.length === 1 ? field.dataset.foundOne : field.dataset.found;
    said.textContent = found.length ? told.replace("{n}", found.length) : field.dataset.none;
    list.replaceChildren(...found.slice(0, MOST).map(([, each]) => item(each, words[0])));
  };

  field.addEventListener("focus", load);
  field.addEventListener("input", () => { load(); find(); });
  document.addEventListener("keydown", (event) => { if (event.key === "Escape") shown.hidden = true; });
  document.addEventListener("click", (event) => { if (!box.contains(event.target)) shown.hidden = true; });
})();
