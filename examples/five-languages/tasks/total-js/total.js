// Adds up the lines of an order: [4999, 1250], in cents, to their count, sum and largest.
//
// A component of the world in wit/task.wit: `handle` takes JSON text and answers JSON text.

const CENTS_MAX = Number.MAX_SAFE_INTEGER;

/** A failure with a name that Retriers and Catchers of the state machine match. */
const failure = (error, cause) => ({ error, cause });

function centsOf(input) {
  const cents = JSON.parse(input);
  const isCents = (line) => Number.isInteger(line) && line >= 0;
  if (!Array.isArray(cents) || !cents.every(isCents)) {
    throw failure("InvalidInput", "expected an array of whole numbers, not negative");
  }
  return cents;
}

export function total(cents) {
  if (cents.length === 0) throw failure("EmptyOrder", "an order has at least one line");
  const totalCents = cents.reduce((sum, line) => sum + line, 0);
  if (totalCents > CENTS_MAX) throw failure("TooMuch", `more than ${CENTS_MAX} cents`);
  return { lines: cents.length, totalCents, largestCents: Math.max(...cents) };
}

export const handler = {
  // What is thrown and has an error name is the Task's failure.
  handle: (input) => JSON.stringify(total(centsOf(input))),
};
