/** What the tests of the browser's own set-up ask of a page. */

/** Gives back what it is given. */
export function echo<T>(value: T): T {
  return value;
}

/** What the browser has of what the film needs. */
export async function abilities(): Promise<{ threads: boolean; webgl2: boolean; webgpu: boolean }> {
  const gpu = await navigator.gpu?.requestAdapter();
  return {
    threads: crossOriginIsolated,
    webgl2: document.createElement('canvas').getContext('webgl2') !== null,
    webgpu: gpu !== null && gpu !== undefined,
  };
}
