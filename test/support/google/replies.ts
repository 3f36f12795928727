/** What a stand-in answers with. */
export interface Reply {
  readonly status: number;
  /** JSON, or bytes. */
  readonly body: object | Uint8Array;
  readonly headers?: Readonly<Record<string, string>>;
}

/** An error as Google's services write it. */
export function protoError(
  status: number,
  code: string,
  message: string,
  info?: { readonly reason: string; readonly metadata?: Readonly<Record<string, string>> },
): Reply {
  const details = info && [
    { "@type": "type.googleapis.com/google.rpc.ErrorInfo", domain: "googleapis.com", ...info },
  ];
  return { status, body: { error: { code: status, message, status: code, ...(details && { details }) } } };
}
