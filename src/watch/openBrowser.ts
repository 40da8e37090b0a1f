/** The browser of whoever sits here. */

import open from 'open';

/**
 * Opens an address, if there is a browser; else says that there is none.
 *
 * @param log gets the line that says it
 */
export async function openBrowser(url: string, log: (line: string) => void): Promise<void> {
  const missing = () => log(`no browser could be opened: open ${url} in one`);
  try {
    const browser = await open(url);
    browser.once('error', missing);
    browser.once('exit', (code) => {
      if (code) missing();
    });
  } catch {
    missing();
  }
}
