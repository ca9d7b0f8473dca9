"""The what-if page in headless Chromium: from a slider's event to painted pixels, against one frame of 60 a second."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from benchmarks import books
from benchmarks.measure import Row, table
from kamlib.reports import whatif
from kamlib.workbook import schema as tables
from kamlib.workbook import settings
from kamlib.workbook.book import Book

MOVES, FRAME_MS = 60, 16.0
# A browser hands a moved slider to the page at the beginning of a frame; so does this. What is posted then is heard
# after the frame's style, layout and paint.
MOVE = """async ([n]) => {
  const slider = document.getElementById("w1"), work = [], paint = [];
  for (let i = 0; i < n + 5; i++) {
    const times = await new Promise((done) => requestAnimationFrame(() => {
      slider.value = (i * 7) % Number(slider.max);
      const start = performance.now();
      slider.dispatchEvent(new Event("input"));
      const end = performance.now(), channel = new MessageChannel();
      channel.port1.onmessage = () => done([end - start, performance.now() - start]);
      channel.port2.postMessage(0);
    }));
    if (i >= 5) { work.push(times[0]); paint.push(times[1]); }
  }
  return [work, paint];
}"""


def run() -> str:
    from playwright.sync_api import sync_playwright

    rows, sizes = [], []
    found = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    with tempfile.TemporaryDirectory(prefix="kam-bench-") as folder, sync_playwright() as playwright:
        # without a frame rate to wait for, what is measured is work and paint, not the clock of the screen
        browser = playwright.chromium.launch(
            executable_path=found, args=["--no-sandbox", "--disable-gpu-vsync", "--disable-frame-rate-limit"]
        )
        for size in (40, 200, 1000):
            for gaps in (False, True):
                page = browser.new_page(viewport={"width": 1920, "height": 1080})
                place = _page(Path(folder), size, gaps)
                page.goto(place.as_uri())
                page.wait_for_selector("#picture .dot", state="attached")
                work, paint = page.evaluate(MOVE, [MOVES])
                name = f"{size} customers, {'some scores unknown' if gaps else 'all scores known'}"
                rows += [
                    Row(f"to pixels, {name}", paint, target=f"<= {FRAME_MS:.0f} ms" if size == 200 else ""),
                    Row(f"work alone, {name}", work),
                ]
                sizes.append(f"{name}: {place.stat().st_size / 1000:.0f} kB")
                page.close()
        browser.close()
    return "\n".join(
        [
            table("the what-if page: a slider moved", rows),
            "== size of the page (target: <= 1500 kB for 200)",
            *sizes,
        ]
    )


def _page(folder: Path, size: int, gaps: bool) -> Path:
    text = books.text(size)
    if not gaps:
        scores = text["scores"]
        text["scores"] = scores.assign(score=scores["score"].where(scores["score"] != "", "5"))
    typed = tables.typed(text)
    place = folder / f"page{size}{gaps}.html"
    place.write_text(whatif.page(Book(typed, settings.of_workbook(typed))), encoding="utf-8")
    return place


if __name__ == "__main__":
    print(run())
