/** `<weft-video>` in the controls of media-chrome. */

import 'media-chrome';
import type { WeftVideo } from '../../../runtime/player/index.js';

const BUNDLE = '/weft-player.js';
await import(BUNDLE);

function film(): WeftVideo {
  return document.querySelector<WeftVideo>('weft-video')!;
}

export async function show(src: string): Promise<void> {
  document.body.innerHTML = `
    <media-controller style="width: 560px; height: 320px">
      <weft-video slot="media" src="${src}" muted threads="1"></weft-video>
      <media-control-bar>
        <media-play-button></media-play-button><media-mute-button></media-mute-button>
        <media-time-range></media-time-range><media-playback-rate-button></media-playback-rate-button>
        <media-fullscreen-button></media-fullscreen-button>
      </media-control-bar>
    </media-controller>`;
  while (film().readyState < 4) await new Promise((resolve) => setTimeout(resolve, 20));
}

export function state() {
  const { paused, currentTime, muted, playbackRate } = film();
  const shownDuration = document.querySelector('media-time-range')!.getAttribute('mediaduration');
  return { paused, currentTime, muted, playbackRate, shownDuration };
}
