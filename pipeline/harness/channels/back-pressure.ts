/** What the flow control of data streams has come to. */
export interface BackPressure {
  /** How often reading paused, since too much waited, and was taken up again. */
  readonly pauses: number;
  readonly resumes: number;
  /** The most that has waited in the inboxes, in encoded bytes. */
  readonly mostBufferedBytes: number;
  /** How often writing had to wait for the transport, and could go on. */
  readonly stalls: number;
  readonly drains: number;
}

/** Nothing has waited. */
export const NO_BACK_PRESSURE: BackPressure = {
  pauses: 0,
  resumes: 0,
  mostBufferedBytes: 0,
  stalls: 0,
  drains: 0,
};

/** Of several streams together; bytes of the one that held most. */
export function sumOfBackPressure(streams: readonly BackPressure[]): BackPressure {
  return streams.reduce(
    (sum, one) => ({
      pauses: sum.pauses + one.pauses,
      resumes: sum.resumes + one.resumes,
      mostBufferedBytes: Math.max(sum.mostBufferedBytes, one.mostBufferedBytes),
      stalls: sum.stalls + one.stalls,
      drains: sum.drains + one.drains,
    }),
    NO_BACK_PRESSURE,
  );
}
