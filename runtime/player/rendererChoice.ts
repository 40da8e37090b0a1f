/** What draws. */
export type Renderer = 'webgpu' | 'webgl2' | 'cpu';

/** What can be asked for; `auto` is a GPU if there is one. */
export const RENDERER_CHOICES = ['auto', 'webgpu', 'webgl2', 'cpu'] as const;
export type RendererChoice = (typeof RENDERER_CHOICES)[number];
