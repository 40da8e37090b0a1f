/** What the pages that show films have in common. */

/** Whole window, dark, the film as large as it fits. */
export const PAGE_STYLE = `
:root { color-scheme: dark; }
html, body { margin: 0; height: 100%; background: #111; color: #ddd; font: 14px/1.4 system-ui, sans-serif; }
body { display: flex; flex-direction: column; }
main { flex: 1; min-height: 0; display: flex; gap: 2px; }
figure { flex: 1; min-width: 0; margin: 0; display: flex; flex-direction: column; }
weft-player { flex: 1; min-height: 0; width: 100%; aspect-ratio: auto; }
figcaption, #state { padding: 4px 12px; color: #aaa; font-variant-numeric: tabular-nums; }
#state:empty { display: none; }
@media (max-aspect-ratio: 1) { main { flex-direction: column; } }
`;

/** Text as HTML shows it. */
export function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (letter) => `&#${letter.charCodeAt(0)};`);
}

/** The beginning of a page. */
export function pageHead(title: string, more = ''): string {
  return (
    '<!doctype html>\n<html lang="en">\n<meta charset="utf-8">\n' +
    '<meta name="viewport" content="width=device-width, initial-scale=1">\n' +
    `<title>${escaped(title)}</title>\n${more}`
  );
}

/** The player, its name for those who do not see it, and more attributes. */
export function playerElement(
  title: string,
  flags: string,
  attributes: Readonly<Record<string, string>> = {},
): string {
  const more = Object.entries(attributes).map(([name, value]) => ` ${name}="${escaped(value)}"`);
  return `<weft-player ${flags} aria-label="${escaped(title)}"${more.join('')}></weft-player>`;
}
