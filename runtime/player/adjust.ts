/** Commands that change how a film is played. */

import { type Command, speedFrom, speedText, timeText } from './keyboard.js';
import type { WeftVideo } from './weftVideo.js';

/** What changes time, sound or speed; the rest is for the controls. */
export type Adjustment = Exclude<Command, { do: 'toggle' | 'fullscreen' | 'reset' | 'zoom' }>;

/** Does it. @returns what to say of it */
export function adjust(video: WeftVideo, command: Adjustment): string | undefined {
  switch (command.do) {
    case 'mute':
      video.muted = !video.muted;
      return video.muted ? 'Sound off' : 'Sound on';
    case 'smooth':
      video.smooth = !video.smooth;
      return video.smooth ? 'Smooth motion' : 'Frames as they are';
    case 'skip':
      seekWithin(video, video.currentTime + command.by);
      return `${timeText(video.currentTime)} / ${timeText(video.duration)}`;
    case 'goto':
      seekWithin(video, command.to * video.duration);
      return undefined;
    case 'step':
      video.step(command.by);
      return `Frame ${video.currentFrame}`;
    case 'volume':
      video.volume = Math.round(100 * clamp(video.volume + command.by, 0, 1)) / 100;
      return `Volume ${Math.round(100 * video.volume)}%`;
    case 'speed':
      video.playbackRate = speedFrom(video.playbackRate, command.by);
      return `Speed ${speedText(video.playbackRate)}×`;
  }
}

function seekWithin(video: WeftVideo, seconds: number): void {
  if (Number.isFinite(video.duration)) video.currentTime = clamp(seconds, 0, video.duration);
}

function clamp(value: number, low: number, high: number): number {
  return Math.min(high, Math.max(low, value));
}
