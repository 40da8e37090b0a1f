/** Keys, and what they mean: the ones that people know from other players. */

/** What a key asks for. `by` and `to` are in the unit of the command. */
export type Command =
  | { readonly do: 'toggle' | 'fullscreen' | 'reset' }
  | { readonly do: 'mute' | 'smooth' }
  /** Seconds. */
  | { readonly do: 'skip'; readonly by: number }
  /** Frames. */
  | { readonly do: 'step'; readonly by: number }
  /** Share of the film, 0..1. */
  | { readonly do: 'goto'; readonly to: number }
  /** Share of the loudest. */
  | { readonly do: 'volume'; readonly by: number }
  /** Factor. */
  | { readonly do: 'zoom'; readonly by: number }
  /** Rungs of the ladder of speeds. */
  | { readonly do: 'speed'; readonly by: number };

/** What is asked of a key event. */
export interface PressedKey {
  readonly key: string;
  readonly ctrlKey?: boolean;
  readonly altKey?: boolean;
  readonly metaKey?: boolean;
}

const COMMANDS: Readonly<Record<string, Command>> = {
  ' ': { do: 'toggle' },
  k: { do: 'toggle' },
  m: { do: 'mute' },
  f: { do: 'fullscreen' },
  s: { do: 'smooth' },
  Escape: { do: 'reset' },
  ArrowLeft: { do: 'skip', by: -5 },
  ArrowRight: { do: 'skip', by: 5 },
  j: { do: 'skip', by: -10 },
  l: { do: 'skip', by: 10 },
  ',': { do: 'step', by: -1 },
  '.': { do: 'step', by: 1 },
  Home: { do: 'goto', to: 0 },
  End: { do: 'goto', to: 1 },
  ArrowUp: { do: 'volume', by: 0.05 },
  ArrowDown: { do: 'volume', by: -0.05 },
  '+': { do: 'zoom', by: 1.5 },
  '=': { do: 'zoom', by: 1.5 },
  '-': { do: 'zoom', by: 1 / 1.5 },
  '<': { do: 'speed', by: -1 },
  '>': { do: 'speed', by: 1 },
};

/** The command of a key; undefined if it is none of the player's. */
export function commandOf({ key, ctrlKey, altKey, metaKey }: PressedKey): Command | undefined {
  if (ctrlKey || altKey || metaKey) return undefined;
  if (/^[0-9]$/.test(key)) return { do: 'goto', to: Number(key) / 10 };
  const name = key.length === 1 ? key.toLowerCase() : key;
  return Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
}

/** Speeds to choose from. */
export const SPEEDS: readonly number[] = [1 / 64, 1 / 32, 1 / 16, 1 / 8, 1 / 4, 1 / 2, 1, 1.5, 2, 4, 8];

/** The speed so many rungs away from one that may lie between two. */
export function speedFrom(speed: number, rungs: number): number {
  const above = SPEEDS.findIndex((rung) => rung >= speed - 1e-9);
  const at = above < 0 ? SPEEDS.length : above;
  const between = above >= 0 && SPEEDS[above]! > speed + 1e-9;
  const next = at + rungs + (between && rungs > 0 ? -1 : 0);
  return SPEEDS[Math.min(SPEEDS.length - 1, Math.max(0, next))]!;
}

/** `1/4`, `1`, `1.5`. */
export function speedText(speed: number): string {
  return speed < 1 && Number.isInteger(1 / speed) ? `1/${1 / speed}` : String(Math.round(speed * 100) / 100);
}

/** `3:07`, `1:02:03`. */
export function timeText(seconds: number): string {
  if (!Number.isFinite(seconds)) return '0:00';
  const whole = Math.floor(seconds + 1e-6);
  const [hours, minutes] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60];
  const two = (value: number): string => String(value).padStart(2, '0');
  return hours > 0 ? `${hours}:${two(minutes)}:${two(whole % 60)}` : `${minutes}:${two(whole % 60)}`;
}
