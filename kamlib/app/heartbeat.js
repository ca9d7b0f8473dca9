// The page's side of the heartbeat: asks for a beat every 1.2 s and shows a banner when none came
// for 3.6 s, whatever died: the kernel, the server or the network. It goes away only when the same
// kernel answers again; a restarted kernel does not know this model, so it never does.
const PING = 1200, SILENCE = 3600, TICK = 300;
const TEXT = "Connection to the workbook is lost. What was saved is safe. Reload the page to go on.";

function banner() {
  const box = document.createElement("div");
  box.className = "kam-banner";
  box.setAttribute("role", "alert");
  box.style.cssText = "position:fixed;top:0;left:0;right:0;z-index:2147483647;display:flex;flex-wrap:wrap;" +
    "gap:12px 24px;align-items:center;justify-content:center;padding:18px 24px;background:#fff;" +
    "color:#8a3b00;border-bottom:4px solid #8a3b00;box-shadow:0 4px 18px #0003;" +
    'font:600 22px/1.35 Inter,"Liberation Sans","DejaVu Sans",sans-serif';
  const words = document.createElement("span");
  words.textContent = TEXT;
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = "Reload";
  button.style.cssText = "font:inherit;font-size:18px;padding:8px 18px;border-radius:8px;border:0;" +
    "background:#1b1d22;color:#fff;cursor:pointer";
  button.onclick = () => window.location.reload();
  box.append(words, button);
  return box;
}

export default {
  initialize({ model, signal }) {
    let known = false, box = null, heard = 0, pinged = 0, ticked = 0;

    const hide = () => { box?.remove(); box = null; };
    const ping = (now) => { pinged = now; try { model.send("ping"); } catch { /* no beat will come */ } };
    const stop = () => { clearInterval(timer); hide(); };

    model.on("msg:custom", (content) => {
      if (content !== "beat") return;
      heard = performance.now();
      if (!known) {  // run again in Lab: the newest heartbeat replaces the one before
        known = true;
        window.kamHeartbeatStop?.();
        window.kamHeartbeatStop = stop;
      }
      hide();
    });

    const tick = () => {
      if (document.visibilityState === "hidden") { ticked = 0; return; }
      const now = performance.now();
      // a hidden, throttled, sleeping or very busy page has missed its own ticks: listen afresh
      if (now - ticked > 4 * TICK) { heard = now; pinged = 0; }
      ticked = now;
      if (now - pinged >= PING) ping(now);
      if (known && !box && now - heard > SILENCE) document.body.append((box = banner()));
    };
    const timer = setInterval(tick, TICK);
    signal?.addEventListener("abort", stop);
    tick();
  },
};
