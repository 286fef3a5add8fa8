(() => {
  for (const input of document.querySelectorAll(".view input")) {
    input.addEventListener("input", () => {
      input.parentElement.style.setProperty("--at", input.value + "%");
      input.setAttribute("aria-valuetext", input.value + " percent before");
    });
  }
  const box = document.getElementById("lightbox");
  const links = [...document.querySelectorAll("a.open")];
  if (!box || !box.showModal) return;
  const image = box.querySelector("img");
  const said = box.querySelector(".said");
  const place = box.querySelector(".place");
  let at = 0;
  const srcset = (link) => link.querySelector("source[type='image/webp']").srcset;
  const show = (next) => {
    at = (next + links.length) % links.length;
    const link = links[at];
    const tile = link.querySelector("img");
    image.removeAttribute("srcset");
    image.removeAttribute("src");
    image.setAttribute("width", tile.getAttribute("width"));
    image.setAttribute("height", tile.getAttribute("height"));
    image.alt = tile.alt;
    image.sizes = "100vw";
    image.srcset = srcset(link);
    image.src = link.href;
    said.textContent = link.dataset.caption;
    place.textContent = at + 1 + " / " + links.length;
  };
  links.forEach((link, number) => {
    link.addEventListener("click", (event) => {
      if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
      event.preventDefault();
      show(number);
      box.showModal();
    });
  });
  const alone = links.length < 2;
  box.querySelector(".back").hidden = alone;
  box.querySelector(".on").hidden = alone;
  box.querySelector(".close").addEventListener("click", () => box.close());
  box.querySelector(".back").addEventListener("click", () => show(at - 1));
  box.querySelector(".on").addEventListener("click", () => show(at + 1));
  box.addEventListener("keydown", (event) => {
    if (event.key === "ArrowLeft") show(at - 1);
    if (event.key === "ArrowRight") show(at + 1);
  });
  let from = null;
  box.addEventListener("touchstart", (event) => {
    from = event.touches.length === 1 ? event.touches[0].clientX : null;
  }, { passive: true });
  box.addEventListener("touchend", (event) => {
    if (from === null) return;
    const moved = event.changedTouches[0].clientX - from;
    if (Math.abs(moved) > 48) show(moved < 0 ? at + 1 : at - 1);
    from = null;
  }, { passive: true });
})();
