// Says when an act that htmx sent was not answered as it should be; without this nothing at all would happen.

const SENTENCE = "That did not work. Load the page again to see how things stand.";

for (const name of ["htmx:responseError", "htmx:sendError", "htmx:timeout"]) {
  document.addEventListener(name, (event) => {
    event.target.closest("dialog")?.close();
    const notice = document.createElement("p");
    notice.className = "notice notice--error";
    notice.textContent = SENTENCE;
    document.querySelector("[data-messages]").replaceChildren(notice);
  });
}
