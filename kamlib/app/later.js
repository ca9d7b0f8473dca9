// A place on the page that is filled when it is first in sight: it says once that it is seen.
export default {
  render({ model, el, signal }) {
    el.classList.add("kam-later");
    const watch = new IntersectionObserver((entries) => {
      if (!entries.some((entry) => entry.isIntersecting)) return;
      watch.disconnect();
      model.send({ do: "seen" });
    }, { rootMargin: "30% 0px" });
    watch.observe(el);
    signal?.addEventListener("abort", () => watch.disconnect());
  },
};
