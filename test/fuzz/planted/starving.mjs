/** Decodes a large empty film on several threads with little memory left, twice; prints what came of it. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import process from 'node:process';
import { Packr, Unpackr } from 'msgpackr';
import { open } from '../../../dist-test/runtime/film/film.js';
import { assemble, partsOf } from '../../../dist-test/test/fuzz/fileParts.js';
import { sampleFilm } from '../../../dist-test/test/runtime/sampleSegments.js';

const SIDE_PX = 8192;
const LEFT_MIB = 300;

function largeFilm() {
  const shape = { width: 16, height: 16, chroma: '420' };
  const small = sampleFilm({ ...shape, frames: [5], anchorDistance: 4, drawing: 'empty', streams: 3 }).bytes;
  const parts = partsOf(small);
  const header = new Unpackr({ mapsAsObjects: false, useRecords: false }).unpack(parts.header);
  header.set(0, SIDE_PX).set(1, SIDE_PX);
  parts.header = new Uint8Array(new Packr({ useRecords: false }).pack(header));
  return assemble(small.subarray(0, 8), parts);
}

function limitMemory() {
  const held = 1024 * Number(/VmSize:\s+(\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))[1]);
  execFileSync('prlimit', ['--pid', String(process.pid), `--as=${held + LEFT_MIB * 2 ** 20}`]);
}

const film = await open(largeFilm(), { engine: 'native', threads: 3 });
limitMemory();
for (let round = 0; round < 2; round++) {
  try {
    for await (const picture of film.frames({ width: 64, height: 64, fps: [50, 1] }))
      console.log(picture.width);
  } catch (error) {
    console.log(error.code);
  }
}
