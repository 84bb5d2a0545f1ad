// What is wrong with the page that is shown, as sentences. Runs from outside the page, so it works
// with the page's own scripts switched off, and leaves nothing behind.
const wrong = [];
const say = (what, element) => wrong.push(what + (element ? ": " + element.outerHTML.slice(0, 160) : ""));

const all = (selector) => [...document.querySelectorAll(selector)];
const shown = (element) => element.checkVisibility() && element.getClientRects().length > 0;

if (!document.title.trim()) say("no title");
if (!document.documentElement.lang) say("no language");
if (!document.querySelector('meta[name="viewport"]')) say("no viewport for phones");
for (const [selector, many] of [["h1", 1], ["main", 1], ["header.top", 1], ["footer", 1]]) {
  const found = all(selector).length;
  if (found > many || (selector === "h1" && found !== 1)) say(found + " of " + selector);
}
const ids = all("[id]").map((element) => element.id);
if (new Set(ids).size !== ids.length) say("an id is used twice");
let before = 0;
for (const heading of all("h1, h2, h3, h4")) {
  if (heading.closest(".prose")) continue; // a merchant's text is their own
  const level = Number(heading.tagName[1]);
  if (level > before + 1) say("a heading skips a level", heading);
  before = level;
}

for (const image of all("img")) {
  if (!image.hasAttribute("alt")) say("an image without alternative", image);
  if (image.complete && image.naturalWidth === 0) say("an image that is not there", image);
}
for (const field of all("input:not([type=hidden]), select, textarea")) {
  const named = field.labels.length > 0 || field.hasAttribute("aria-label");
  if (!named) say("a field without a label", field);
}
for (const control of all("a, button, summary")) {
  if (!control.textContent.trim() && !control.hasAttribute("aria-label")) say("a control without a name", control);
}

// Sideways scrolling, and what causes it.
const width = document.documentElement.clientWidth;
if (document.documentElement.scrollWidth > width) {
  say("the page is " + document.documentElement.scrollWidth + " wide in " + width);
  for (const element of all("body *")) {
    const box = element.getBoundingClientRect();
    const clipped = element.closest(".unseen, .skip");
    if (box.right > width + 1 && !clipped) say("it sticks out", element);
  }
}

// A finger needs 24 pixels. Links inside a sentence are exempt.
for (const control of all("a, button, summary, select, input:not([type=hidden])")) {
  if (!shown(control) || control.closest(".prose, .skip") || control.matches(".skip")) continue;
  const spread = getComputedStyle(control, "::after");
  const overlaid = spread.position === "absolute" && spread.content !== "none";
  const target = overlaid ? control.offsetParent : control.closest("label") ?? control;
  const box = target.getBoundingClientRect();
  if (box.width < 24 || box.height < 24) {
    say("a target of " + Math.round(box.width) + " by " + Math.round(box.height), control);
  }
}

// The page and its stylesheet, as they are without compression.
const [page] = performance.getEntriesByType("navigation");
const styles = performance.getEntriesByType("resource").filter((entry) => entry.name.endsWith(".css"));
const bytes = [page, ...styles].reduce((sum, entry) => sum + entry.decodedBodySize, 0);
if (bytes === 0 || bytes > 60000) say("the page weighs " + bytes + " bytes");

return wrong;
