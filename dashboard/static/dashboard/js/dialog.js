// Opens the question that a link would lead to as a dialog on the page. Without this the link is followed.

document.addEventListener("click", (event) => {
  const link = event.target.closest("a[data-opens]");
  if (link && isPlain(event)) {
    event.preventDefault();
    document.getElementById(link.dataset.opens).showModal();
  }
  const close = event.target.closest("[data-closes]");
  if (close) close.closest("dialog").close();
});

/** Whether the click would open the link here, and not in another tab or window. */
function isPlain(event) {
  return event.button === 0 && !(event.ctrlKey || event.metaKey || event.shiftKey || event.altKey);
}
