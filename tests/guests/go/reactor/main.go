// A reactor with typed exports: the Go runtime needs _initialize before any of them.
package main

import "strconv"

var table = map[int32]string{}

func init() {
	for i := range int32(100) {
		table[i] = strconv.Itoa(int(i * i))
	}
}

//go:wasmexport square
func square(n int32) int64 {
	value, _ := strconv.ParseInt(table[n], 10, 64)
	return value
}

//go:wasmexport mean
func mean(a, b float64) float64 { return (a + b) / 2 }

func main() {}
