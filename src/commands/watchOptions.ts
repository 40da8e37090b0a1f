import type { CommandOption } from '../optionTable.js';

/** Of commands that show something in a browser. */
export const NO_BROWSER: CommandOption<boolean> = {
  flag: 'no-browser',
  type: { kind: 'flag' },
  doc: 'Print the address only, and open no browser',
};
