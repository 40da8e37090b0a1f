/** The one place that chooses among screens. */

import { CpuScreen } from './cpuScreen.js';
import type { FilmClient } from './filmClient.js';
import { openGpuScreen } from './gpuScreen.js';
import type { Renderer, RendererChoice } from './rendererChoice.js';
import type { Screen } from './screen.js';
import type { OpenedFilm, PictureContent } from './workerMessages.js';

/** GPUs that the processor plays: the decoder samples several times faster (docs/player.md has figures). */
const SOFTWARE = /swiftshader|llvmpipe|softpipe|lavapipe|software|basic render/i;

/**
 * The first screen that works.
 *
 * @param contentOf what is seen at a place, for one that asks for pictures
 * @param without renderers that have failed
 * @param note told why a renderer is passed over
 */
export async function openScreen(
  choice: RendererChoice,
  film: OpenedFilm,
  client: FilmClient,
  contentOf: (place: number) => PictureContent,
  without: ReadonlySet<Renderer>,
  note: (text: string) => void,
): Promise<Screen> {
  for (const renderer of gpuRenderers(choice, without)) {
    try {
      const screen = await openGpuScreen(renderer, film, client);
      if (choice !== 'auto' || !SOFTWARE.test(screen.device)) return screen as Screen;
      screen.close();
      note(
        `The GPU is played by the processor (${screen.device}): pictures are sampled by the decoder instead.`,
      );
      break;
    } catch (error) {
      note(error instanceof Error ? error.message : String(error));
    }
  }
  return new CpuScreen(client, contentOf) as Screen;
}

/** What to ask of a GPU, in this order; none is left once both have failed. */
function gpuRenderers(
  choice: RendererChoice,
  without: ReadonlySet<Renderer>,
): ('auto' | 'webgpu' | 'webgl2')[] {
  if (choice === 'cpu') return [];
  if (choice === 'auto' && without.size === 0) return ['auto'];
  const rest = choice === 'webgl2' ? (['webgl2'] as const) : (['webgpu', 'webgl2'] as const);
  return rest.filter((renderer) => !without.has(renderer));
}
