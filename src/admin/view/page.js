// Fetches the page again every few seconds and puts into this one what has changed in it, so that
// nothing flickers and whatever is open, selected or scrolled stays so. Without this, the page is as
// whole; it is then the browser that fetches it again.
"use strict";

const EVERY = 5000;
const PARTS = ["verdict", "status", "about"];

document.documentElement.classList.add("js");

// Makes `old` what `fresh` is. What has an id is the same thing wherever it has gone.
function morph(old, fresh) {
  if (old.nodeType !== fresh.nodeType || old.nodeName !== fresh.nodeName || old.id !== fresh.id) {
    old.replaceWith(document.importNode(fresh, true));
    return;
  }
  if (old.nodeType !== Node.ELEMENT_NODE) {
    if (old.data !== fresh.data) {
      old.data = fresh.data;
    }
    return;
  }
  // Whether it is open is the reader's to say.
  const own = old.nodeName === "DETAILS" ? "open" : null;
  for (const { name } of [...old.attributes]) {
    if (name !== own && !fresh.hasAttribute(name)) {
      old.removeAttribute(name);
    }
  }
  for (const { name, value } of fresh.attributes) {
    if (name !== own && old.getAttribute(name) !== value) {
      old.setAttribute(name, value);
    }
  }
  morphChildren(old, fresh);
}

function morphChildren(old, fresh) {
  let at = old.firstChild;
  for (const wanted of [...fresh.childNodes]) {
    const known = wanted.id && [...old.children].find((child) => child.id === wanted.id);
    if (known && known !== at) {
      old.insertBefore(known, at);
      morph(known, wanted);
    } else if (!at || (wanted.id && !known) || (at.id && at.id !== wanted.id)) {
      old.insertBefore(document.importNode(wanted, true), at);
    } else {
      const next = at.nextSibling;
      morph(at, wanted);
      at = next;
    }
  }
  while (at) {
    const next = at.nextSibling;
    at.remove();
    at = next;
  }
}

function say(trouble) {
  const stale = document.getElementById("stale");
  stale.hidden = !trouble;
  stale.textContent = trouble;
}

let heard = new Date();

async function refresh() {
  try {
    const answer = await fetch("/", { cache: "no-store", signal: AbortSignal.timeout(10000) });
    if (!answer.ok) {
      throw new Error(`status ${answer.status}`);
    }
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    for (const part of PARTS) {
      morph(document.getElementById(part), page.getElementById(part));
    }
    document.title = page.title;
    heard = new Date();
    say("");
  } catch {
    const since = heard.toLocaleTimeString();
    document.title = "No answer from pacsgate";
    say(`No answer from pacsgate since ${since}: what follows is as it was then.`);
  }
}

async function keep() {
  if (!document.hidden) {
    await refresh();
  }
  setTimeout(keep, EVERY);
}

document.addEventListener("visibilitychange", () => {
  if (!document.hidden) {
    refresh();
  }
});

// What a link leads to is to be seen.
function reveal() {
  const entry = document.getElementById(location.hash.slice(1));
  if (entry && entry.nodeName === "DETAILS") {
    entry.open = true;
    entry.scrollIntoView();
  }
}

addEventListener("hashchange", reveal);
reveal();

document.addEventListener("click", async (event) => {
  const button = event.target.closest("button[data-copy]");
  if (!button) {
    return;
  }
  const text = document.getElementById(button.dataset.copy);
  try {
    await navigator.clipboard.writeText(text.textContent);
    button.textContent = "Copied";
  } catch {
    getSelection().selectAllChildren(text);
    button.textContent = "Selected";
  }
});

setTimeout(keep, EVERY);
