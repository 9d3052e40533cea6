// Reads JSON from standard input, counts its keys with one goroutine each, sleeps, and prints them sorted. With the
// argument "panic" it panics.
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"sort"
	"sync"
	"time"
)

func main() {
	if len(os.Args) > 1 && os.Args[1] == "panic" {
		panic("as asked")
	}
	var document map[string]any
	if err := json.NewDecoder(os.Stdin).Decode(&document); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(4)
	}
	var (
		lock sync.Mutex
		all  sync.WaitGroup
		keys []string
	)
	for key := range document {
		all.Add(1)
		go func() {
			defer all.Done()
			time.Sleep(5 * time.Millisecond)
			lock.Lock()
			keys = append(keys, key)
			lock.Unlock()
		}()
	}
	all.Wait()
	sort.Strings(keys)
	fmt.Println(keys, os.Getenv("GREETING"))
}
