const entities: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };

/** Text as it stands within an element or an attribute of HTML or SVG; control characters are dropped. */
export function escaped(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: XML has no way to write them
  return text.replace(/[\u0000-\u001f\u007f]/g, '').replace(/[&<>"]/g, (each) => entities[each]!);
}
