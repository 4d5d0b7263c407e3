// Copies the text of a `data-copy` button and says so, to eyes and to screen readers.

const SAID_MILLISECONDS = 2000;

// Browsers offer no clipboard to pages that came over plain HTTP from another machine.
document.documentElement.classList.toggle("without-clipboard", !navigator.clipboard);

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  if (!button) return;
  await navigator.clipboard.writeText(button.dataset.copy);
  button.classList.add("copy--done");
  announce("Copied");
  setTimeout(() => {
    button.classList.remove("copy--done");
    announce("");
  }, SAID_MILLISECONDS);
});

function announce(sentence) {
  document.querySelector("[data-announcer]").textContent = sentence;
}
