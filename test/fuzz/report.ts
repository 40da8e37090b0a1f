/** What a run found: findings by mutation, and counts. */

export type Fault = 'crash' | 'hang' | 'overallocation' | 'uncoded' | 'differing';

/** Something that no file may bring about. */
export interface Finding {
  readonly fault: Fault;
  /** Repeats it, with the seed. */
  readonly index: number;
  /** What was done to the file. */
  readonly story: string;
  readonly detail: string;
}

/** What became of a range of mutations. */
export interface Report {
  mutations: number;
  decoded: number;
  /** By error code. */
  refused: Record<string, number>;
  findings: Finding[];
}

export function emptyReport(): Report {
  return { mutations: 0, decoded: 0, refused: {}, findings: [] };
}

export function addReport(sum: Report, part: Report): void {
  sum.mutations += part.mutations;
  sum.decoded += part.decoded;
  for (const [code, count] of Object.entries(part.refused))
    sum.refused[code] = (sum.refused[code] ?? 0) + count;
  sum.findings.push(...part.findings);
}

const FAULTS: readonly (readonly [Fault, string])[] = [
  ['crash', 'crashes'],
  ['hang', 'hangs'],
  ['overallocation', 'over-allocations'],
  ['uncoded', 'uncoded'],
  ['differing', 'differing'],
];

/** One line of counts. */
export function summaryLine(report: Report): string {
  const refused = Object.values(report.refused).reduce((sum, count) => sum + count, 0);
  const faults = FAULTS.map(([fault, plural]) => {
    return `${report.findings.filter((finding) => finding.fault === fault).length} ${plural}`;
  });
  return [`${report.mutations} mutations`, `${report.decoded} decoded`, `${refused} refused`, ...faults].join(
    ', ',
  );
}

/** Refusals by code, the most frequent first. */
export function refusalLines(report: Report): string[] {
  const codes = Object.entries(report.refused).sort((a, b) => b[1] - a[1]);
  return codes.map(([code, count]) => `  ${code} ${count}`);
}
