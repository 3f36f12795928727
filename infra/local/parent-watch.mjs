/**
 * Loaded before the program that `bootstrap.mjs` runs: asks it to leave (SIGTERM) when bootstrap.mjs is gone,
 * even by kill -9, so that the program can stop what it started.
 */

if (process.channel !== undefined) {
  process.once("disconnect", () => process.kill(process.pid, "SIGTERM"));
  process.channel.unref(); // a listener keeps a program running that has nothing else to do
}
