/**
 * Where the stores are, as plain JSON: it travels in the configuration of each sink. An emulator's address left
 * out means Google's own service.
 */
export interface StoreEndpoints {
  readonly project: string;
  /** One run of the pipeline from its cold start; every row and cell carries it. */
  readonly generation: number;
  readonly bigtable: {
    readonly instance: string;
    /**
     * Application profile of reads and writes. Of several clusters it must choose one: what was acknowledged has to be
     * readable. @default the instance's default
     */
    readonly appProfile?: string;
    /** `host:port` of an emulator; no credentials are looked for. */
    readonly emulatorHost?: string;
  };
  readonly bigquery: {
    readonly dataset: string;
    /** `http://host:port` of an emulator; no credentials are looked for. */
    readonly apiEndpoint?: string;
    /** Where a data set is made, e.g. `EU`. @default BigQuery's own */
    readonly location?: string;
  };
  readonly pubsub: {
    /** `host:port` of an emulator's gRPC endpoint; no credentials are looked for. */
    readonly emulatorHost?: string;
  };
}
