package files_test

import (
	"fmt"
	"os"
	"path/filepath"
)

// There is nothing to be done with files in a guest that isn't done elsewhere.
func Example() {
	dir, err := os.MkdirTemp("", "example")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	if err := os.WriteFile(filepath.Join(dir, "words.txt"), []byte("some words"), 0o644); err != nil {
		fmt.Println(err)
		return
	}
	entries, err := os.ReadDir(dir)
	for _, e := range entries {
		text, _ := os.ReadFile(filepath.Join(dir, e.Name()))
		fmt.Printf("%s: %s\n", e.Name(), text)
	}
	fmt.Println(err)
	// Output:
	// words.txt: some words
	// <nil>
}
