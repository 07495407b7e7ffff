// Builds the Task: JavaScript's engine and the script, made one component.
import { componentize } from "@bytecodealliance/componentize-js";
import { readFile, writeFile } from "node:fs/promises";

const { component } = await componentize(await readFile("total.js", "utf8"), {
  witPath: "wit",
  worldName: "task",
  // Without these it imports nothing but the Stepwell host: such a Task is pure.
  disableFeatures: ["random", "stdio", "clocks", "http", "fetch-event"],
});
await writeFile("task.wasm", component);
