"""Style and script of a flame graph's page: zooming, searching, and the keyboard."""

from __future__ import annotations

STYLE = """
body { margin: 0; background: #ffffff; color: #1a1a1a; font: 16px/1.5 system-ui, sans-serif; }
#tools { display: flex; flex-wrap: wrap; gap: 0.6em; align-items: center; padding: 0.8em 1em 0; }
#tools input, #tools button { font: inherit; padding: 0.2em 0.5em; color: inherit; background: #ffffff;
  border: 1px solid #6b6b6b; border-radius: 4px; }
#status { flex-basis: 100%; min-height: 1.5em; }
svg { display: block; width: 100%; min-width: 56em; height: auto; }
.frame { cursor: pointer; }
.frame text { pointer-events: none; }
.frame:hover rect { stroke: #1a1a1a; stroke-width: 1; }
.frame:focus { outline: none; }
.frame:focus-visible rect { stroke: #1a1a1a; stroke-width: 2; }
.around rect { fill: #e1e5ea; }
.found rect { fill: #4b2a86; }
.found text { fill: #ffffff; }
"""

SCRIPT = """
"use strict";
(() => {
  const WIDTH = 1200, MARGIN = 12, CHARACTER = 7.4;
  const START = document.getElementById("status").textContent;
  const search = document.getElementById("search");
  const status = document.getElementById("status");
  const frames = [...document.querySelectorAll("g.frame")].map((group) => ({
    group,
    rect: group.querySelector("rect"),
    text: group.querySelector("text"),
    title: group.querySelector("title").textContent,
    name: group.dataset.name,
    part: group.dataset.part,
    left: Number(group.dataset.left),
    width: Number(group.dataset.width),
    depth: Number(group.dataset.depth),
  }));
  if (frames.length === 0) return;
  const whole = frames[0];

  function columns(text) {
    let count = 0;
    for (const character of text) count += character.codePointAt(0) > 0x10ff ? 2 : 1;
    return count;
  }

  function label(frame, pixels) {
    const room = (pixels - 10) / CHARACTER;
    const full = frame.name + " " + frame.part;
    if (columns(full) <= room) return full;
    if (columns(frame.name) <= room) return frame.name;
    let kept = "";
    for (const character of frame.name) {
      if (columns(kept + character) + 1 > room) break;
      kept += character;
    }
    return [...kept].length >= 2 ? kept + "\\u2026" : "";
  }

  function zoom(target) {
    const scale = (WIDTH - 2 * MARGIN) / target.width;
    for (const frame of frames) {
      const around = frame.depth < target.depth && frame.left <= target.left &&
        frame.left + frame.width >= target.left + target.width;
      const inside = frame.depth >= target.depth && frame.left >= target.left &&
        frame.left + frame.width <= target.left + target.width;
      frame.group.setAttribute("display", around || inside ? "inline" : "none");
      frame.group.classList.toggle("around", around);
      if (!around && !inside) continue;
      const x = around ? MARGIN : MARGIN + (frame.left - target.left) * scale;
      const pixels = around ? WIDTH - 2 * MARGIN : frame.width * scale;
      frame.rect.setAttribute("x", x.toFixed(2));
      frame.rect.setAttribute("width", Math.max(pixels - 1, pixels / 2).toFixed(2));
      frame.text.setAttribute("x", (x + 5).toFixed(2));
      frame.text.textContent = label(frame, pixels);
    }
    status.textContent = target === whole ? START : target.title;
  }

  function find() {
    const wanted = search.value.trim().toLowerCase();
    let constraints = 0, bars = 0, until = -1;
    for (const frame of frames) {
      const found = wanted !== "" && frame.name.toLowerCase().includes(wanted);
      frame.group.classList.toggle("found", found);
      if (!found) continue;
      bars += 1;
      if (frame.left >= until) {  // bars inside one that is found already count with it
        constraints += frame.width;
        until = frame.left + frame.width;
      }
    }
    const part = (100 * constraints / whole.width).toFixed(1);
    status.textContent = wanted === "" ? START :
      bars + (bars === 1 ? " bar: " : " bars: ") + constraints.toLocaleString("en") + " constraints (" + part + "%)";
  }

  for (const frame of frames) {
    frame.group.addEventListener("click", () => zoom(frame));
    frame.group.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" && event.key !== " ") return;
      event.preventDefault();
      zoom(frame);
    });
  }
  document.addEventListener("keydown", (event) => { if (event.key === "Escape") zoom(whole); });
  document.getElementById("reset").addEventListener("click", () => zoom(whole));
  document.getElementById("tools").addEventListener("submit", (event) => event.preventDefault());
  search.addEventListener("input", find);
})();
"""
