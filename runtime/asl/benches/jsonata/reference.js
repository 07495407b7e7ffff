// Measures the reference implementation of JSONata: expressions on standard input, nanoseconds
// on standard output. The package's folder is the first argument.
const jsonata = require(process.argv[1]);

// Evaluations before the first round, so that the compiler of hot code has done its work.
const WARM_UP = 20000;

async function measure(text, { states, rounds, evaluations }) {
  const expression = jsonata(text);
  const bindings = { states };
  const value = await expression.evaluate(undefined, bindings);
  for (let i = 0; i < WARM_UP; i++) await expression.evaluate(undefined, bindings);
  let best = Infinity;
  for (let round = 0; round < rounds; round++) {
    const start = process.hrtime.bigint();
    for (let i = 0; i < evaluations; i++) await expression.evaluate(undefined, bindings);
    best = Math.min(best, Number(process.hrtime.bigint() - start) / evaluations);
  }
  return { nanoseconds: best, value };
}

(async () => {
  const task = JSON.parse(require("fs").readFileSync(0, "utf8"));
  const measured = [];
  for (const text of task.texts) measured.push(await measure(text, task));
  process.stdout.write(JSON.stringify(measured));
})();
