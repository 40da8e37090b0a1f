/** Damaged and hostile files, by seed and index. */

import { Dice } from './dice.js';
import { assemble, concatenate, type FileParts, type Lies, partsOf, repairChecksums } from './fileParts.js';
import { corrupt, PART_MUTATIONS } from './partMutations.js';

export interface Mutation {
  readonly bytes: Uint8Array;
  /** What was done, in a few words. */
  readonly story: string;
}

const MAGIC_BYTES = 8;

/** Most changes to the parts of one file. */
const MOST_CHANGES = 4;

/** Makes the same files from the same corpus, seed and index. */
export class Mutator {
  readonly #corpus: readonly Uint8Array[];
  readonly #parts: readonly FileParts[];
  readonly #seed: number;

  constructor(corpus: readonly Uint8Array[], seed: number) {
    this.#corpus = corpus;
    this.#parts = corpus.map(partsOf);
    this.#seed = seed;
  }

  /** Mutation number `index` of this seed. */
  mutate(index: number): Mutation {
    const dice = new Dice(this.#seed, index);
    const origin = dice.below(this.#corpus.length);
    if (dice.oneIn(6)) return this.#mutateBytes(origin, dice);
    const { bytes, story } = this.#mutateParts(origin, dice);
    // The checksums are right of what the parts became. Some files are damaged once more.
    if (!dice.oneIn(12)) return { bytes, story };
    return { bytes: corrupt(bytes, dice), story: `${story}; bytes anywhere` };
  }

  #mutateParts(origin: number, dice: Dice): Mutation {
    const parts = copyOf(this.#parts[origin]!);
    const lies: Lies = {};
    const stories = [`file ${origin}`];
    for (let changes = dice.small(MOST_CHANGES); changes > 0; changes--) {
      try {
        stories.push(dice.pick(PART_MUTATIONS)(parts, lies, dice, this.#parts));
      } catch {
        // What an earlier change left cannot be read by this one.
      }
    }
    const magic = this.#corpus[origin]!.subarray(0, MAGIC_BYTES);
    return { bytes: assemble(magic, parts, lies), story: stories.join('; ') };
  }

  /** Without regard to what the bytes mean; mostly with checksums that are right again where they can be found. */
  #mutateBytes(origin: number, dice: Dice): Mutation {
    let bytes: Uint8Array = this.#corpus[origin]!;
    let story = `file ${origin}; bytes anywhere`;
    if (dice.oneIn(5)) {
      const other = dice.pick(this.#corpus);
      const cut = dice.below(bytes.length);
      const from = dice.oneIn(2) ? Math.min(cut, other.length) : dice.below(other.length);
      bytes = concatenate([bytes.subarray(0, cut), other.subarray(from)]);
      story = `file ${origin} spliced`;
    } else {
      bytes = corrupt(bytes, dice);
    }
    if (dice.oneIn(4)) return { bytes, story };
    const repaired = bytes.slice();
    repairChecksums(repaired);
    return { bytes: repaired, story: `${story}; checksums repaired` };
  }
}

function copyOf(parts: FileParts): FileParts {
  return {
    ...parts,
    segments: parts.segments.map((segment) => ({ ...segment })),
    chunks: parts.chunks.map((chunk) => ({ ...chunk })),
  };
}
