// The board: cards can be dragged to another stage, and newcomers appear by themselves. Everything works without this file.
(function () {
  "use strict";
  const board = document.getElementById("board");
  if (!board) return;
  const spoken = document.getElementById("spoken");
  let dragged = null;

  function adopt(html) {
    const fresh = new DOMParser().parseFromString(html, "text/html").getElementById("board");
    if (fresh && fresh.innerHTML !== board.innerHTML) board.innerHTML = fresh.innerHTML;
  }

  async function refresh() {
    const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
    if (answer.ok && !answer.redirected) adopt(await answer.text());
  }

  function isBusy() {
    return dragged || document.hidden || board.querySelector("details[open]") || board.contains(document.activeElement);
  }

  board.addEventListener("dragstart", function (event) {
    dragged = event.target.closest("[data-move]");
    if (!dragged) return;
    event.dataTransfer.effectAllowed = "move";
    event.dataTransfer.setData("text/plain", dragged.dataset.name);
    dragged.classList.add("dragged");
  });

  board.addEventListener("dragover", function (event) {
    const column = event.target.closest("[data-stage]");
    if (!dragged || !column) return;
    event.preventDefault();
    board.querySelectorAll(".over").forEach((other) => other !== column && other.classList.remove("over"));
    column.classList.add("over");
  });

  board.addEventListener("dragend", function () {
    if (dragged) dragged.classList.remove("dragged");
    dragged = null;
    board.querySelectorAll(".over").forEach((column) => column.classList.remove("over"));
  });

  board.addEventListener("drop", async function (event) {
    const column = event.target.closest("[data-stage]");
    if (!dragged || !column) return;
    event.preventDefault();
    const card = dragged;
    const body = new URLSearchParams({ stage: column.dataset.stage, next: location.pathname + location.search });
    column.querySelector("ul").prepend(card);
    const answer = await fetch(card.dataset.move, { method: "POST", body: body });
    if (answer.ok) {
      spoken.textContent = card.dataset.name + " moved";
      adopt(await answer.text());
    } else {
      location.reload();
    }
  });

  setInterval(function () {
    if (!isBusy()) refresh().catch(() => undefined);
  }, 2000);
})();
