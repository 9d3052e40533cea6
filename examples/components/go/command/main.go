// Counts the words of standard input and prints the most frequent ones: `command [how many]`.
package main

import (
	"bufio"
	"cmp"
	"fmt"
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"
)

func main() {
	limit := 3
	if len(os.Args) > 1 {
		number, err := strconv.Atoi(os.Args[1])
		if err != nil {
			fmt.Fprintln(os.Stderr, "how many words?", err)
			os.Exit(2)
		}
		limit = number
	}
	counts := map[string]int{}
	words := bufio.NewScanner(os.Stdin)
	words.Split(bufio.ScanWords)
	for words.Scan() {
		counts[strings.ToLower(words.Text())]++
	}
	byCount := func(a, b string) int { return cmp.Or(counts[b]-counts[a], strings.Compare(a, b)) }
	for _, word := range slices.SortedFunc(maps.Keys(counts), byCount)[:min(limit, len(counts))] {
		fmt.Println(counts[word], word)
	}
}
