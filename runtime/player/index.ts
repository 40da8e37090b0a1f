/** `weft/player`: the elements `<weft-player>` and `<weft-video>`. Importing it makes them known to the page; on a server it does nothing. */

import { defineElement } from './baseElement.js';
import { WeftPlayer } from './weftPlayer.js';
import { WeftVideo } from './weftVideo.js';

export type { FilmError } from './mediaEvents.js';
export type { FilmStatistics } from './statistics.js';
export { WeftPlayer } from './weftPlayer.js';
export { WeftVideo } from './weftVideo.js';

defineElement('weft-video', WeftVideo);
defineElement('weft-player', WeftPlayer);
