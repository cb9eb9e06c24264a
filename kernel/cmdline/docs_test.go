package cmdline

import (
	"flag"
	"fmt"
	"os"
	"sort"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var update = flag.Bool("update", false, "write docs/command-line.md anew")

const docFile = "../../docs/command-line.md"

const docHead = `# The hypervisor's command line

This page is made from the table in ` + "`kernel/cmdline/table.go`" + ` by
` + "`go test ./kernel/cmdline -update`" + `; a test keeps the two together.

In an emulator the line is given by ` + "`out/tuco up --append \"…\"`" + `, in GRUB behind
the image's name. It is words between blanks, each NAME or NAME=VALUE:

- Quotes (` + "`\"` or `'`" + `) keep blanks inside a word and are dropped.
- In a name, ` + "`-` and `_`" + ` are the same.
- An option that is on or off is written ` + "`NAME`, `NAME=on`, `NAME=off` or `no-NAME`" + `
  (also yes, true, enable, 1 and no, false, disable, 0).
- Sizes take the suffixes B, K, M, G and T, in powers of 1024.
- The later of two equal names counts.
- A word that is not an option, or has an impossible value, is ignored, and the
  log names it in a warning. The boot goes on.
- At most 4096 bytes count, and 256 bytes in a word.

The arguments of domain 0 are not given here but in the [boot bundle](boot-bundle.md).

`

func TestDocs(t *testing.T) {
	require.True(t, sort.SliceIsSorted(table[:], func(i, j int) bool { return table[i].name < table[j].name }))
	var b strings.Builder
	b.WriteString(docHead)
	for _, opt := range table {
		form := opt.name
		if opt.value != "" {
			form += "=" + opt.value
		}
		fmt.Fprintf(&b, "## `%s`\n\n%s\n\nWithout it: %s.\n\n", form, opt.help, opt.preset)
	}
	want := strings.TrimRight(b.String(), "\n") + "\n"
	if *update {
		require.NoError(t, os.WriteFile(docFile, []byte(want), 0o644))
	}
	got, err := os.ReadFile(docFile)
	require.NoError(t, err)
	assert.Equal(t, want, string(got), "run: go test ./kernel/cmdline -update")
}
