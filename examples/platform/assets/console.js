// Shows how things are now. Without it the page shows how they were when it was asked for, and is asked for again.
const live = document.getElementById("live");
if (live && "EventSource" in window) {
  const source = new EventSource(live.dataset.source);
  source.addEventListener("overview", (event) => {
    // Whoever reads or moves in it by keyboard keeps their place.
    if (!live.contains(document.activeElement)) live.innerHTML = event.data;
  });
}
