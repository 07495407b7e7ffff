package main

import "testing"

func TestLinesAreCountedAndAddedUp(t *testing.T) {
	got, err := totalOf([]uint64{4999, 1250, 300})
	want := total{Lines: 3, TotalCents: 6549, LargestCents: 4999}
	if err != nil || got != want {
		t.Fatalf("got %v, %v; want %v", got, err, want)
	}
}

func TestNothingAndTooMuchHaveNames(t *testing.T) {
	for name, cents := range map[string][]uint64{"EmptyOrder": {}, "TooMuch": {centsMax, 1}} {
		_, err := totalOf(cents)
		if failed, ok := err.(failure); !ok || failed.Name != name {
			t.Errorf("got %v; want %s", err, name)
		}
	}
}
