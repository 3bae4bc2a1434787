"""What the page is made with: its style and its script, as text."""

from __future__ import annotations

__all__ = ["SCRIPT", "STYLE", "VEGA_LICENCE"]

# a page carries Vega's code, and its licence asks that this text goes with it
VEGA_LICENCE = """\
Copyright (c) 2015-2023, University of Washington Interactive Data Lab. All rights reserved.

Redistribution and use in source and binary forms, with or without modification, are permitted
provided that the following conditions are met:

1. Redistributions of source code must retain the above copyright notice, this list of conditions
   and the following disclaimer.

2. Redistributions in binary form must reproduce the above copyright notice, this list of
   conditions and the following disclaimer in the documentation and/or other materials provided
   with the distribution.

3. Neither the name of the copyright holder nor the names of its contributors may be used to
   endorse or promote products derived from this software without specific prior written
   permission.

THIS SOFTWARE IS PROVIDED BY THE COPYRIGHT HOLDERS AND CONTRIBUTORS "AS IS" AND ANY EXPRESS OR
IMPLIED WARRANTIES, INCLUDING, BUT NOT LIMITED TO, THE IMPLIED WARRANTIES OF MERCHANTABILITY AND
FITNESS FOR A PARTICULAR PURPOSE ARE DISCLAIMED. IN NO EVENT SHALL THE COPYRIGHT HOLDER OR
CONTRIBUTORS BE LIABLE FOR ANY DIRECT, INDIRECT, INCIDENTAL, SPECIAL, EXEMPLARY, OR CONSEQUENTIAL
DAMAGES (INCLUDING, BUT NOT LIMITED TO, PROCUREMENT OF SUBSTITUTE GOODS OR SERVICES; LOSS OF USE,
DATA, OR PROFITS; OR BUSINESS INTERRUPTION) HOWEVER CAUSED AND ON ANY THEORY OF LIABILITY, WHETHER
IN CONTRACT, STRICT LIABILITY, OR TORT (INCLUDING NEGLIGENCE OR OTHERWISE) ARISING IN ANY WAY OUT
OF THE USE OF THIS SOFTWARE, EVEN IF ADVISED OF THE POSSIBILITY OF SUCH DAMAGE.
"""

STYLE = """
:root {
  color-scheme: light dark;
  --ink: #1c1c1c; --muted: #5c5c5c; --rule: #dcdcdc; --paper: #fff; --soft: #f6f5f2;
  --link: #0b5394;
  --sans: system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif;
  --serif: Charter, "Bitstream Charter", "Iowan Old Style", "Source Serif 4", Cambria, Georgia,
    serif;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ink: #e9e7e2; --muted: #a9a69f; --rule: #3a3d42; --paper: #15171a; --soft: #1e2125;
    --link: #8ab8e6;
  }
}
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; scroll-behavior: smooth; }
body {
  margin: 0 auto; padding: 0 1.25rem 4rem; max-width: 71rem; background: var(--paper);
  color: var(--ink); font: 1rem/1.5 var(--sans); font-variant-numeric: lining-nums;
}
a { color: var(--link); text-underline-offset: .15em; }
a:focus-visible, button:focus-visible, summary:focus-visible {
  outline: 2px solid var(--link); outline-offset: 2px;
}
header { padding: 2.5rem 0 1.5rem; }
h1 { margin: 0; font: 600 2.3rem/1.15 var(--serif); letter-spacing: -.01em; }
.question { margin: .4rem 0 0; font: 400 1.3rem/1.35 var(--serif); max-width: 42rem; }
.dates, .where, .subtitle, .facts, footer { color: var(--muted); }
.dates { margin: .7rem 0 0; font-size: .9rem; }
.summary {
  margin: 1.6rem 0 0; padding: 1.1rem 1.4rem 1.1rem 2.4rem; background: var(--soft);
  border-left: 4px solid var(--ink); font: 400 1.12rem/1.5 var(--serif); max-width: 52rem;
}
.summary li + li { margin-top: .35rem; }
nav { margin-top: 1.2rem; font-size: .92rem; display: flex; flex-wrap: wrap; gap: .3rem 1.4rem; }
section.part { margin-top: 2.6rem; }
.part > h2 {
  margin: 0; padding-bottom: .45rem; border-bottom: 2px solid var(--ink);
  font: 600 1.55rem/1.25 var(--serif);
}
.part > h2 small { font: 400 1rem var(--sans); color: var(--muted); margin-left: .5rem; }
.line { padding: 1.4rem 0 1.3rem; border-bottom: 1px solid var(--rule); scroll-margin-top: .5rem; }
.line:target > h3 { box-shadow: inset .2rem 0 0 var(--link); padding-left: .6rem; }
h3 { margin: 0 0 .35rem; font: 600 1rem/1.4 var(--sans); }
h3 a { color: inherit; text-decoration: none; }
h3 a::after { content: " #"; color: var(--muted); opacity: 0; }
h3 a:hover::after, h3 a:focus-visible::after { opacity: 1; }
.finding { margin: 0 0 .6rem; font: 400 1.2rem/1.45 var(--serif); }
.line p, .line li { max-width: 38rem; }
.nb { white-space: nowrap; }
.gauge { vertical-align: 0; fill: var(--ink); }
.gauge rect { opacity: .4; } .gauge .track { opacity: .25; }
.line ul { margin: .3rem 0 .7rem; padding-left: 1.1rem; }
.line li { margin: .15rem 0; }
.reason { color: var(--muted); font-style: italic; }
.facts { margin: .7rem 0 0; font-size: .84rem; line-height: 1.45; }
figure { margin: .2rem 0 1.2rem; }
.line > div + div > figure:first-child { margin-top: 1.2rem; }
figure:last-child { margin-bottom: 0; }
figcaption { margin-bottom: .5rem; line-height: 1.35; }
figcaption b { display: block; font-weight: 600; }
.subtitle { display: block; font-size: .84rem; margin-top: .15rem; }
.chart { width: 100%; min-height: 4rem; }
.layers { display: block; width: 100%; height: auto; }
.layers text {
  fill: var(--ink); font: 400 12px var(--sans); paint-order: stroke; stroke: var(--paper);
  stroke-width: 3px; stroke-linejoin: round;
}
.layers text[font-weight] { font-weight: 600; }
.strips { display: none; font-size: .84rem; line-height: 1.4; }
.strips b, .strips svg, .strips span { display: block; }
.strips svg { width: 100%; height: .9rem; margin: .15rem 0; }
.strips span { color: var(--muted); margin-bottom: .7rem; }
.chart svg { display: block; max-width: 100%; overflow: visible; }
html:not(.js) .chart, .failed .chart { display: none; }
.js figure:not(.failed):not(.opened) details.data > .wide { display: none; }
.chart .role-axis-label text, .chart .mark-text text { fill: var(--ink); }
.chart .role-axis-grid line { stroke: var(--rule); }
.chart .mark-rule line[stroke="#1c1c1c"] { stroke: var(--ink); }
.wide { overflow-x: auto; }
table { border-collapse: collapse; font-size: .9rem; line-height: 1.35; }
caption { text-align: left; color: var(--muted); }
th, td {
  padding: .3rem .9rem .3rem 0; text-align: left; vertical-align: top;
  border-bottom: 1px solid var(--rule);
}
thead th { font-weight: 500; color: var(--muted); vertical-align: bottom; }
tbody th { font-weight: 500; }
.n { text-align: right; font-variant-numeric: tabular-nums lining-nums; white-space: nowrap; }
.matrix thead tr:first-child > * { border-bottom: 0; padding-bottom: 0; }
.matrix th.over { text-align: right; }
.matrix .CN { color: #b34e00; } .matrix .US { color: #00609a; }
@media (prefers-color-scheme: dark) {
  .matrix .CN { color: #f08a3c; } .matrix .US { color: #5fb0e6; }
}
details > summary { cursor: pointer; color: var(--muted); font-size: .84rem; }
details > summary:hover { color: var(--ink); }
details[open] > summary { margin-bottom: .4rem; }
.definition > div {
  padding: .7rem 1rem; background: var(--soft); font-size: .86rem; line-height: 1.45;
  max-width: 60rem;
}
.definition h4 { margin: .2rem 0 .3rem; font-size: .9rem; }
.definition h4:not(:first-child) { margin-top: 1rem; }
dl {
  display: grid; grid-template-columns: max-content minmax(0, 1fr); gap: .15rem .9rem; margin: 0;
}
dt { color: var(--muted); } dd { margin: 0; overflow-wrap: anywhere; }
code {
  font-family: ui-monospace, "Cascadia Mono", Menlo, Consolas, monospace; font-size: .88em;
  overflow-wrap: anywhere;
}
.tools {
  display: flex; justify-content: space-between; align-items: flex-start; gap: .2rem 1.2rem;
  margin-top: .6rem;
}
button {
  padding: 0; border: 0; background: none; color: var(--muted); font: inherit; font-size: .84rem;
  text-decoration: underline dotted; text-underline-offset: .2em; cursor: pointer;
}
button:hover { color: var(--ink); }
html:not(.js) button { display: none; }
footer { margin-top: 3rem; font-size: .86rem; }
footer h2 { font: 600 1.2rem var(--serif); color: var(--ink); }
footer pre { white-space: pre-wrap; font-size: .8rem; }
@media (min-width: 60rem) {
  .with-picture > div + div > figure:first-child { margin-top: .2rem; }
  .with-picture {
    display: grid; grid-template-columns: minmax(0, 25rem) minmax(0, 1fr); column-gap: 3rem;
  }
  .with-picture > h3, .with-picture > .tools { grid-column: 1 / -1; }
}
@media screen and (max-width: 46rem) {
  .flow { display: none; } .strips { display: block; }
}
@media (max-width: 32rem) {
  body { padding: 0 1rem 3rem; }
  h1 { font-size: 1.9rem; } .question { font-size: 1.15rem; }
  .summary { padding: .9rem 1rem .9rem 1.9rem; font-size: 1.03rem; }
  .finding { font-size: 1.1rem; }
  .part > h2 small { display: block; margin: .2rem 0 0; }
  dl { grid-template-columns: minmax(0, 1fr); } dd { margin-bottom: .35rem; }
}
@page { size: A4; margin: 16mm 15mm 18mm; }
@media print {
  :root {
    color-scheme: light; --ink: #000; --muted: #444; --rule: #ccc; --paper: #fff; --soft: #fff;
    --link: #000;
  }
  html { font-size: 9.2pt; }
  body { max-width: none; padding: 0; }
  header { padding-top: 0; }
  .summary { border-left-width: 2pt; padding: 0 0 0 18pt; }
  .chart { min-height: 0; } .chart svg { height: auto; }
  nav, .tools, .js details.data { display: none; }
  .with-picture { display: block; }
  .line p, .line li { max-width: none; }
  .chart { max-width: 135mm; }
  .line, figure, tr { break-inside: avoid; }
  .part > h2, h3 { break-after: avoid; }
  .line { padding: 8pt 0; } section.part { margin-top: 16pt; }
  a { text-decoration: none; }
  footer td a::after { content: " " attr(href); font-size: 7pt; }
}
"""

SCRIPT = """
(() => {
  "use strict";
  const refuse = () => Promise.reject(new Error("this page loads nothing"));
  const loader = { load: refuse, sanitize: refuse, http: refuse, file: refuse };
  const options = {
    mode: "vega-lite", renderer: "svg", ast: true, actions: false, tooltip: false,
    defaultStyle: false, loader,
  };
  for (const figure of document.querySelectorAll("figure[data-chart]")) {
    const details = figure.querySelector("details.data");
    const text = document.getElementById(figure.dataset.chart).textContent;
    details.open = false;
    details.addEventListener("toggle", () => figure.classList.add("opened"), { once: true });
    vegaEmbed(figure.querySelector(".chart"), JSON.parse(text), options).catch((error) => {
      figure.classList.add("failed");
      details.open = true;
      console.error(error);
    });
  }
  const copied = (button) => {
    const words = button.textContent;
    button.textContent = "copied";
    setTimeout(() => { button.textContent = words; }, 1500);
  };
  document.addEventListener("click", (event) => {
    const button = event.target.closest("button[data-citation]");
    if (!button) return;
    const text = button.dataset.citation + " " + location.href.split("#")[0] + "#" +
      button.dataset.anchor;
    const byHand = () => {
      const field = document.createElement("textarea");
      field.value = text;
      document.body.append(field);
      field.select();
      const done = document.execCommand("copy");
      field.remove();
      if (done) copied(button);
    };
    if (navigator.clipboard) {
      navigator.clipboard.writeText(text).then(() => copied(button), byHand);
    } else {
      byHand();
    }
  });
})();
"""
