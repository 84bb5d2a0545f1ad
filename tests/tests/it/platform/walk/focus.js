// Where the keyboard is: a number for the element, what it is, and what is wrong with how that shows.
const element = document.activeElement;
const wrong = [];
const marked = (style) => style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2;
if (element !== document.body) {
  if (!element.matches(":focus-visible")) wrong.push("not :focus-visible");
  if (!marked(getComputedStyle(element)) && !marked(getComputedStyle(element, "::after"))) wrong.push("no outline");
  const box = element.getBoundingClientRect();
  const inside = box.bottom > 0 && box.top < innerHeight && box.right > 0 && box.left < innerWidth;
  if (!inside) wrong.push("outside what is seen");
}
const controls = [...document.querySelectorAll("a[href], button, summary, select, input:not([type=hidden])")];
const reachable = controls.filter((control) => control.checkVisibility());
return {
  index: reachable.indexOf(element),
  count: reachable.length,
  what: element.outerHTML.slice(0, 160),
  wrong,
};
