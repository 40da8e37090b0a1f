import { MediaError } from '../../runtime/errors.js';

/** Names that ffmpeg takes for more than a file: addresses, and numbered pictures. */
const needsPipe = /:\/\/|%0?\d*d/;

function throughPipe(name: string): string {
  return `What is no single file comes through a pipe: ffmpeg -i "${name}" -f yuv4mpegpipe - | weft encode - -o film.weft`;
}

/** Why a file could not be read: it is not there (FILE_MISSING), or it may not be read (FILE_UNREADABLE). `wanted`: `a film`, say. */
export function unreadable(file: string, wanted: string, cause: unknown): MediaError {
  const missing = (cause as NodeJS.ErrnoException).code === 'ENOENT';
  return new MediaError(missing ? `${file} does not exist.` : `${file} cannot be read.`, {
    code: missing ? 'FILE_MISSING' : 'FILE_UNREADABLE',
    hint: needsPipe.test(file)
      ? throughPipe(file)
      : missing
        ? 'Check the path.'
        : `Give ${wanted} that you may read.`,
    path: 'input',
    value: file,
    cause,
  });
}
