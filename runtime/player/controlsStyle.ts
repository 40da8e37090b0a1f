/** How the controls look. Colours and sizes can be set from outside by the custom properties at the top. */

export const CONTROLS_STYLE = `
:host {
  --accent: var(--weft-accent, #ff6a45);
  --ink: var(--weft-ink, #fff);
  --font: var(--weft-font, 500 13px/1.2 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif);
  outline: none;
}
:host([filled]) {
  position: fixed !important; inset: 0 !important; width: 100vw !important; height: 100dvh !important;
  max-width: none !important; aspect-ratio: auto !important; margin: 0 !important; z-index: 2147483647;
}
:host(:focus-visible) .ui::after {
  content: ""; position: absolute; inset: 0; pointer-events: none; box-shadow: inset 0 0 0 2px var(--accent);
}
.ui {
  position: absolute; inset: 0; overflow: hidden; color: var(--ink); font: var(--font); user-select: none;
  -webkit-user-select: none; -webkit-tap-highlight-color: transparent; touch-action: pan-x pan-y; container: player / size;
}
.ui[hidden], .ui [hidden] { display: none !important; }
.ui[data-zoomed] { touch-action: none; cursor: grab; }
.ui[data-panning] { cursor: grabbing; }
.ui[data-choosing] { cursor: crosshair; }
.ui[data-idle] { cursor: none; }
button, select, input { font: inherit; color: inherit; margin: 0; }
button {
  appearance: none; border: 0; background: none; padding: 0; cursor: pointer; display: inline-grid; place-items: center;
  min-width: 36px; height: 36px; border-radius: 8px; flex: none; transition: background-color .12s;
}
button svg { width: 24px; height: 24px; fill: currentColor; filter: drop-shadow(0 1px 1px rgb(0 0 0 / .5)); }
@media (hover: hover) { .bar button:hover, .pick:hover { background: rgb(255 255 255 / .16); } }
button:focus-visible, select:focus-visible, input:focus-visible { outline: 2px solid var(--accent); outline-offset: -1px; }
.bar {
  position: absolute; left: 0; right: 0; bottom: 0; padding: 36px 10px 6px; display: flex; flex-direction: column; cursor: default;
  background: linear-gradient(transparent, rgb(0 0 0 / .28) 35%, rgb(0 0 0 / .72)); transition: opacity .25s, transform .25s;
  padding-left: max(10px, env(safe-area-inset-left)); padding-right: max(10px, env(safe-area-inset-right));
  padding-bottom: max(6px, env(safe-area-inset-bottom)); touch-action: manipulation;
}
.ui[data-failed] .bar { display: none; }
.ui[data-idle] .bar { opacity: 0; transform: translateY(6px); pointer-events: none; }
.row { display: flex; align-items: center; gap: 2px; min-width: 0; }
.grow { flex: 1 1 0; min-width: 0; }
.time { white-space: nowrap; padding: 0 8px; font-variant-numeric: tabular-nums; text-shadow: 0 1px 2px rgb(0 0 0 / .6); }
.time span { opacity: .75; }
.seekbox { position: relative; height: 22px; margin: 0 4px; }
.bubble {
  position: absolute; bottom: 22px; transform: translateX(-50%); padding: 3px 7px; border-radius: 6px; background: rgb(20 20 22 / .9);
  font-size: 12px; font-variant-numeric: tabular-nums; pointer-events: none; white-space: nowrap;
}
input[type="range"] {
  appearance: none; -webkit-appearance: none; background: none; cursor: pointer; --at: 0%; --held: 0%;
  --line: linear-gradient(to right, var(--accent) var(--at), rgb(255 255 255 / .5) var(--at), rgb(255 255 255 / .5) max(var(--at), var(--held)), rgb(255 255 255 / .25) 0);
}
input[type="range"]::-webkit-slider-runnable-track { height: 4px; border-radius: 2px; background: var(--line); }
input[type="range"]::-moz-range-track { height: 4px; border-radius: 2px; background: var(--line); }
input[type="range"]::-webkit-slider-thumb {
  appearance: none; -webkit-appearance: none; width: 14px; height: 14px; margin-top: -5px; border-radius: 50%;
  background: var(--ink); border: 0; box-shadow: 0 1px 4px rgb(0 0 0 / .5);
}
input[type="range"]::-moz-range-thumb { width: 14px; height: 14px; border: 0; border-radius: 50%; background: var(--ink); }
.seek { position: absolute; inset: 0; width: 100%; height: 22px; }
.volume { width: 72px; height: 36px; flex: none; --held: 0%; }
.pick {
  appearance: none; -webkit-appearance: none; border: 0; background: none; height: 36px; padding: 0 8px; border-radius: 8px; cursor: pointer;
  text-align: center; text-align-last: center; font-variant-numeric: tabular-nums; text-shadow: 0 1px 2px rgb(0 0 0 / .6); flex: none;
}
.pick option { color: #111; background: #fff; }
.zoom { display: flex; align-items: center; flex: none; }
.zoom .reset { min-width: 50px; padding: 0 4px; font-variant-numeric: tabular-nums; text-shadow: 0 1px 2px rgb(0 0 0 / .6); }
button[aria-pressed="true"] { color: var(--accent); }
.big {
  position: absolute; left: 50%; top: 50%; width: 76px; height: 76px; transform: translate(-50%, -50%); border-radius: 50%;
  background: rgb(16 16 18 / .62); backdrop-filter: blur(6px); -webkit-backdrop-filter: blur(6px); transition: transform .15s, background-color .15s;
}
.big svg { width: 40px; height: 40px; }
@media (hover: hover) { .big:hover { transform: translate(-50%, -50%) scale(1.06); background: var(--accent); } }
.spinner {
  position: absolute; left: 50%; top: 50%; width: 44px; height: 44px; margin: -22px; border-radius: 50%; pointer-events: none;
  border: 3px solid rgb(255 255 255 / .25); border-top-color: var(--ink); opacity: 0; animation: turn .9s linear infinite, appear .2s .35s forwards;
}
@keyframes turn { to { transform: rotate(1turn); } }
@keyframes appear { to { opacity: 1; } }
.toast {
  position: absolute; left: 50%; top: 12px; transform: translateX(-50%); max-width: calc(100% - 32px); box-sizing: border-box;
  padding: 7px 12px; border-radius: 9px; background: rgb(16 16 18 / .78); text-align: center; pointer-events: none; opacity: 0;
  transition: opacity .2s; font-variant-numeric: tabular-nums;
}
.toast[data-shown] { opacity: 1; }
.card {
  position: absolute; inset: 0; display: flex; flex-direction: column; gap: 8px; align-items: center; justify-content: center; cursor: default;
  padding: 16px; text-align: center; background: rgb(16 16 18 / .88); user-select: text; -webkit-user-select: text; overflow: auto;
}
.card strong { font-size: 15px; font-weight: 600; max-width: 56ch; }
.card p { margin: 0; max-width: 60ch; opacity: .8; font-weight: 400; line-height: 1.45; }
.card button { margin-top: 6px; padding: 0 16px; background: var(--accent); color: #1a0d08; font-weight: 600; }
.region { position: absolute; border: 1.5px solid var(--accent); background: rgb(255 255 255 / .12); box-shadow: 0 0 0 100vmax rgb(0 0 0 / .35); pointer-events: none; }
.map { position: absolute; right: 12px; top: 12px; border: 1.5px solid rgb(255 255 255 / .85); border-radius: 3px; background: rgb(0 0 0 / .4); pointer-events: none; transition: opacity .25s; }
.map div { position: absolute; box-sizing: border-box; border: 1.5px solid var(--accent); border-radius: 2px; background: rgb(255 255 255 / .2); }
.ui[data-idle] .map { opacity: 0; }
@container player (max-width: 620px) { .frame, .volume { display: none; } }
@container player (max-width: 460px) { .zoom .less, .zoom .more, .zoom .reset[data-whole], .time span { display: none; } .time { padding: 0 4px; } }
@container player (max-width: 330px) { .zoom, .smooth, .mute { display: none; } .bar { padding-left: 4px; padding-right: 4px; } }
@container player (max-height: 170px) { .bar { padding-top: 14px; } .big { width: 52px; height: 52px; } .big svg { width: 28px; height: 28px; } .map { display: none; } }
@media (pointer: coarse) { button, .pick { min-width: 42px; height: 42px; } .seekbox, .seek { height: 30px; } .volume { display: none; } }
@media (prefers-reduced-motion: reduce) { .bar, .big, .toast, .map { transition: none; } .spinner { animation-duration: 2.5s, .2s; } }
`;
