/**
 * What must be known of a WebM file to play it from anywhere: how it begins, and where its clusters lie.
 *
 *     +------+---------------------------------------------------------------------+
 *     |      | segment                                                             |
 *     | EBML | +----------+------+--------+-----+-----------+-----------+---+------+ |
 *     |      | | SeekHead | Info | Tracks | ... | cluster 0 | cluster 1 |...| Cues | |
 *     +------+---------------------------------------------------------------------+
 *
 * An element is an identity, a length and a body (RFC 8794); which there are says RFC 9559. Cues say at what times clusters begin;
 * SeekHead says where they are, as they are mostly written last.
 */

/** Some seconds of sound; a decoder may begin with any of them. */
export interface Cluster {
  /** When it begins, in seconds. */
  readonly seconds: number;
  /** In bytes from the start of the file. */
  readonly offset: number;
}

/** The build of a file of Opus. */
export interface WebmOutline {
  /** All before the first cluster: what a decoder is set up with. */
  readonly head: Uint8Array<ArrayBuffer>;
  /** Ascending; the first is the one behind the head. */
  readonly clusters: readonly Cluster[];
  /** Behind the last cluster, in bytes from the start of the file. */
  readonly end: number;
}

/** Reads so many bytes of a file; fewer only where it ends. */
export type ReadBytes = (offset: number, bytes: number) => Promise<Uint8Array>;

/** Identities of elements, with the bits that tell their length. */
const EBML = 0x1a45dfa3;
const DOC_TYPE = 0x4282;
const SEGMENT = 0x18538067;
const SEEK_HEAD = 0x114d9b74;
const SEEK = 0x4dbb;
const SEEK_ID = 0x53ab;
const SEEK_POSITION = 0x53ac;
const INFO = 0x1549a966;
const TIMESTAMP_SCALE = 0x2ad7b1;
const DURATION = 0x4489;
const TRACKS = 0x1654ae6b;
const TRACK_ENTRY = 0xae;
const CODEC_ID = 0x86;
const CLUSTER = 0x1f43b675;
const CUES = 0x1c53bb6b;
const CUE_POINT = 0xbb;
const CUE_TIME = 0xb3;
const CUE_TRACK_POSITIONS = 0xb7;
const CUE_CLUSTER_POSITION = 0xf1;

/** Nanoseconds of a tick where a file does not say. */
const DEFAULT_SCALE = 1_000_000;

/** Read first: the head of every file that weft writes, which came when its chunk was looked for. */
const FIRST_BYTES = 2048;
/** Nothing that is looked for is larger. */
const MOST_BYTES = 2 ** 22;
/** Cues of an hour, in clusters of 5 seconds. */
const CUES_BYTES = 2 ** 14;

/** Bytes of an element within others. */
interface Element {
  readonly id: number;
  readonly start: number;
  readonly body: number;
  /** Infinity where the file does not say. */
  readonly end: number;
}

interface Head {
  /** To the first cluster. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** What positions in the file are counted from. */
  readonly origin: number;
  /** Parts of the segment. */
  readonly parts: readonly Element[];
}

/**
 * Reads how a file is built: some kilobytes of it.
 *
 * @param size of the file, in bytes
 * @returns undefined where a player cannot begin anywhere: it is no WebM file with one track of Opus, or has no Cues, or no
 *   duration
 * @throws what `read` throws
 */
export async function webmOutline(read: ReadBytes, size: number): Promise<WebmOutline | undefined> {
  const head = await readHead(read, size);
  if (!head || !isOpus(head)) return undefined;
  const info = head.parts.find(({ id }) => id === INFO);
  if (!info || !child(head.bytes, info, DURATION)) return undefined;
  const cuesAt = cuesPlace(head);
  if (cuesAt === undefined || cuesAt >= size) return undefined;
  const cues = await readWhole(read, cuesAt, size);
  if (cues?.element.id !== CUES) return undefined;
  const scale = child(head.bytes, info, TIMESTAMP_SCALE);
  const tick = (scale ? integer(head.bytes, scale) : DEFAULT_SCALE) / 1e9;
  const found = clustersOf(cues, tick, head.origin).filter(({ offset }) => offset < size);
  const first = { seconds: 0, offset: head.bytes.length };
  const clusters = [first, ...found.filter(({ offset }) => offset > first.offset)];
  const behind = clusters.at(-1)!.offset;
  return { head: head.bytes, clusters, end: cuesAt > behind ? cuesAt : size };
}

async function readHead(read: ReadBytes, size: number): Promise<Head | undefined> {
  for (let length = FIRST_BYTES; length <= MOST_BYTES; length *= 16) {
    const head = headOf(await read(0, Math.min(length, size)));
    if (head !== 'more') return head;
    if (length >= size) break;
  }
  return undefined;
}

/** Undefined if these are not bytes of a WebM file; `more` if the first cluster is behind them. */
function headOf(bytes: Uint8Array): Head | 'more' | undefined {
  const ebml = elementAt(bytes, 0);
  const segment = ebml && elementAt(bytes, ebml.end);
  if (ebml?.id !== EBML || segment?.id !== SEGMENT) return undefined;
  const type = child(bytes, ebml, DOC_TYPE);
  if (!type || text(bytes, type) !== 'webm') return undefined;
  const parts: Element[] = [];
  for (let at = segment.body; ; at = parts.at(-1)!.end) {
    const element = elementAt(bytes, at);
    if (!element) return 'more';
    if (element.id === CLUSTER) return { bytes: bytes.slice(0, at), origin: segment.body, parts };
    parts.push(element);
  }
}

function isOpus({ bytes, parts }: Head): boolean {
  const tracks = parts.find(({ id }) => id === TRACKS);
  const entries = tracks ? children(bytes, tracks, TRACK_ENTRY) : [];
  const codec = entries.length === 1 ? child(bytes, entries[0]!, CODEC_ID) : undefined;
  return codec !== undefined && text(bytes, codec) === 'A_OPUS';
}

/** Where Cues begin, in bytes from the start of the file. */
function cuesPlace({ bytes, origin, parts }: Head): number | undefined {
  const here = parts.find(({ id }) => id === CUES);
  if (here) return here.start;
  const heads = parts.filter(({ id }) => id === SEEK_HEAD);
  for (const seek of heads.flatMap((head) => children(bytes, head, SEEK))) {
    const id = child(bytes, seek, SEEK_ID);
    const position = child(bytes, seek, SEEK_POSITION);
    if (id && position && integer(bytes, id) === CUES) return origin + integer(bytes, position);
  }
  return undefined;
}

interface Whole {
  readonly bytes: Uint8Array;
  readonly element: Element;
}

/** An element with all of its body; undefined if the file ends within, or it is too long. */
async function readWhole(read: ReadBytes, offset: number, size: number): Promise<Whole | undefined> {
  let bytes = await read(offset, Math.min(CUES_BYTES, size - offset));
  const element = elementAt(bytes, 0);
  if (!element || element.end > Math.min(MOST_BYTES, size - offset)) return undefined;
  if (element.end > bytes.length) bytes = await read(offset, element.end);
  return { bytes, element };
}

function clustersOf({ bytes, element }: Whole, tick: number, origin: number): Cluster[] {
  const clusters: Cluster[] = [];
  for (const point of children(bytes, element, CUE_POINT)) {
    const time = child(bytes, point, CUE_TIME);
    const place = child(bytes, point, CUE_TRACK_POSITIONS);
    const position = place && child(bytes, place, CUE_CLUSTER_POSITION);
    if (!time || !position) continue;
    const cluster = { seconds: tick * integer(bytes, time), offset: origin + integer(bytes, position) };
    if (cluster.offset > (clusters.at(-1)?.offset ?? 0)) clusters.push(cluster);
  }
  return clusters;
}

function child(bytes: Uint8Array, parent: Element, id: number): Element | undefined {
  return children(bytes, parent, id)[0];
}

/** Elements within another that are there whole. */
function children(bytes: Uint8Array, parent: Element, id: number): Element[] {
  const found: Element[] = [];
  const end = Math.min(parent.end, bytes.length);
  for (let at = parent.body; at < end; ) {
    const element = elementAt(bytes, at);
    if (!element || element.end > end) break;
    if (element.id === id) found.push(element);
    at = element.end;
  }
  return found;
}

/** Undefined where its identity and length are not there, or none begins there. */
function elementAt(bytes: Uint8Array, start: number): Element | undefined {
  const idBytes = vintBytes(bytes[start]);
  const sizeBytes = vintBytes(bytes[start + idBytes]);
  const body = start + idBytes + sizeBytes;
  if (idBytes > 4 || sizeBytes > 8 || body > bytes.length) return undefined;
  const id = bigEndian(bytes.subarray(start, start + idBytes));
  const size = bytes.slice(start + idBytes, body);
  // Without the bit that tells its length. All bits set is a length that nobody knew.
  size[0]! &= 255 >> sizeBytes;
  const unknown = bigEndian(size) === 2 ** (7 * sizeBytes) - 1;
  return { id, start, body, end: unknown ? Number.POSITIVE_INFINITY : body + bigEndian(size) };
}

/** Length of a number that tells it by its first bits, 1..8; 9 where there is none. */
function vintBytes(first: number | undefined): number {
  return first === undefined ? 9 : Math.clz32(first) - 23;
}

function integer(bytes: Uint8Array, { body, end }: Element): number {
  return bigEndian(bytes.subarray(body, end));
}

function bigEndian(bytes: Uint8Array): number {
  return bytes.reduce((value, byte) => 256 * value + byte, 0);
}

function text(bytes: Uint8Array, { body, end }: Element): string {
  return String.fromCharCode(...bytes.subarray(body, end));
}
