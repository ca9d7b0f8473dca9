// A place on the page that is filled when it is first in sight: it says when it is seen, or that the page is idle.
export default {
  render({ model, el, signal }) {
    const watch = new IntersectionObserver((entries) => {
      if (!entries.some((entry) => entry.isIntersecting)) return;
      watch.disconnect();
      model.send({ do: "seen" });
    }, { rootMargin: "30% 0px" });
    watch.observe(el);
    // nobody may scroll that far down: then it is made when the page has nothing else to do
    const idle = setTimeout(() => model.send({ do: "idle" }), 1000);
    signal?.addEventListener("abort", () => { watch.disconnect(); clearTimeout(idle); });
  },
};
