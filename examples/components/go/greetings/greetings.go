// The package has the name that the generated code calls: `export_`, then the interface.
package export_example_greetings_greetings

import (
	"slices"

	wit "go.bytecodealliance.org/pkg/wit/types"
	. "wit_component/example_greetings_greetings"
)

func Greet(name string) string {
	return "Hello, " + name + "!"
}

func Summary(numbers []float64) wit.Result[Statistics, string] {
	if len(numbers) == 0 {
		return wit.Err[Statistics]("no numbers")
	}
	sum := 0.0
	for _, number := range numbers {
		sum += number
	}
	count := len(numbers)
	return wit.Ok[Statistics, string](Statistics{
		Count:   uint32(count),
		Mean:    sum / float64(count),
		Largest: slices.Max(numbers),
	})
}
