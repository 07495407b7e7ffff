// Adds up the lines of an order: [4999, 1250], in cents, to their count, sum and largest.
//
// A WASI command: JSON on standard input, JSON on standard output. A failure is printed as
// Lambda's runtimes do, and the command exits with 1.
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
)

// The sum that every language can still count exactly: 2^53 - 1, as JavaScript has it.
const centsMax = 1<<53 - 1

type total struct {
	Lines        int    `json:"lines"`
	TotalCents   uint64 `json:"totalCents"`
	LargestCents uint64 `json:"largestCents"`
}

// A failure with a name that Retriers and Catchers of the state machine match.
type failure struct {
	Name  string `json:"errorType"`
	Cause string `json:"errorMessage"`
}

func (f failure) Error() string { return f.Name + ": " + f.Cause }

func totalOf(cents []uint64) (total, error) {
	if len(cents) == 0 {
		return total{}, failure{"EmptyOrder", "an order has at least one line"}
	}
	sum := total{Lines: len(cents)}
	for _, line := range cents {
		if line > centsMax-sum.TotalCents {
			return total{}, failure{"TooMuch", fmt.Sprintf("more than %d cents", uint64(centsMax))}
		}
		sum.TotalCents += line
		sum.LargestCents = max(sum.LargestCents, line)
	}
	return sum, nil
}

func run() (total, error) {
	var cents []uint64
	if err := json.NewDecoder(os.Stdin).Decode(&cents); err != nil {
		return total{}, failure{"InvalidInput", err.Error()}
	}
	return totalOf(cents)
}

func main() {
	answer, err := run()
	out := json.NewEncoder(os.Stdout)
	var failed failure
	switch {
	case errors.As(err, &failed):
		_ = out.Encode(failed)
		os.Exit(1)
	default:
		_ = out.Encode(answer)
	}
}
