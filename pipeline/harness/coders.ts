/** Beam's standard coders and how to add one's own. */
export type { CoderContext, CoderFunctions, CoderProto } from "./coders/coder.ts";
export { Coder, coder } from "./coders/coder.ts";
export { keyCoderOf, kvCoder, lengthPrefixCoder, nullableCoder } from "./coders/composite.ts";
export { iterableCoder } from "./coders/iterable.ts";
export { boolCoder, bytesCoder, doubleCoder, jsonCoder, utf8Coder, varintCoder } from "./coders/primitive.ts";
export { CoderTable, registerCoder } from "./coders/table.ts";
export {
  globalWindowCoder,
  intervalWindowCoder,
  paramWindowedValueCoder,
  timerCoder,
  windowedValueCoder,
} from "./coders/windowed.ts";
