/**
 * What this worker can do beyond the basics, for the graph's environment: a runner uses only what is named there.
 * @see https://github.com/apache/beam/blob/master/model/pipeline/src/main/proto/org/apache/beam/model/pipeline/v1/beam_runner_api.proto (StandardProtocols, StandardCoders)
 */
export const WORKER_CAPABILITIES: readonly string[] = [
  "beam:coder:bytes:v1",
  "beam:coder:bool:v1",
  "beam:coder:custom_window:v1",
  "beam:coder:double:v1",
  "beam:coder:global_window:v1",
  "beam:coder:interval_window:v1",
  "beam:coder:iterable:v1",
  "beam:coder:kv:v1",
  "beam:coder:length_prefix:v1",
  "beam:coder:nullable:v1",
  "beam:coder:param_windowed_value:v1",
  "beam:coder:sharded_key:v1",
  "beam:coder:state_backed_iterable:v1",
  "beam:coder:string_utf8:v1",
  "beam:coder:timer:v1",
  "beam:coder:varint:v1",
  "beam:coder:windowed_value:v1",
  "beam:protocol:control_request_elements_embedding:v1",
  "beam:protocol:harness_monitoring_infos:v1",
  "beam:protocol:monitoring_info_short_ids:v1",
  "beam:protocol:progress_reporting:v1",
  "beam:protocol:state_caching:v1",
];
