package main

import (
	"bytes"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// house writes a module with the given files.
func house(t *testing.T, files map[string]string) string {
	t.Helper()
	root := t.TempDir()
	write := func(name, text string) {
		name = filepath.Join(root, name)
		require.NoError(t, os.MkdirAll(filepath.Dir(name), 0o777))
		require.NoError(t, os.WriteFile(name, []byte(text), 0o666))
	}
	write("go.mod", "module tuco\n\ngo 1.26\n\nignore ./out\n")
	for name, text := range files {
		write(name, text)
	}
	return root
}

// inOrder are files that break nothing.
var inOrder = map[string]string{
	"kernel/frame/frame.go":        "package frame\nimport \"math/bits\"\n",
	"kernel/x86/x86.go":            "package x86\nimport (\n\"unsafe\"\n\"tuco/kernel/frame\"\n)\n",
	"kernel/pmm/pmm.go":            "package pmm\nimport (\n\"sync/atomic\"\n\"tuco/kernel/frame\"\n\"tuco/kernel/klog\"\n)\n",
	"kernel/pmm/pmm_test.go":       "package pmm\nimport (\n\"fmt\"\n\"tuco/kernel/domain\"\n\"unsafe\"\n)\n",
	"kernel/klog/klog.go":          "package klog\nimport \"encoding/binary\"\n",
	"kernel/domain/domain.go":      "package domain\nimport \"tuco/hypercall\"\n",
	"kernel/main.go":               "package main\nimport \"tuco/kernel/domain\"\n",
	"kernel/pmm/gen.go":            "//go:build ignore\n\npackage main\nimport \"fmt\"\n",
	"kernel/pmm/testdata/x/x.go":   "package x\nimport \"fmt\"\n",
	"boot/info.go":                 "package boot\nimport \"tuco/kernel/frame\"\n",
	"hypercall/number.go":          "package hypercall\n",
	"ring/ring.go":                 "package ring\nimport \"fmt\"\n",
	"ring/blkif/blkif.go":          "package blkif\nimport \"tuco/ring\"\n",
	"guestlib/entry.go":            "package guestlib\nimport (\n\"fmt\"\n\"unsafe\"\n\"tuco/hypercall\"\n\"tuco/ring/blkif\"\n\"tuco/guestlib/mem\"\n)\n",
	"guestlib/mem/mem.go":          "package mem\n",
	"tools/mkimage/main.go":        "package main\nimport (\n\"github.com/a/b\"\n\"tuco/kernel/layout\"\n\"tuco/tools/rtcheck/reach\"\n)\n",
	"tools/rtcheck/reach/doc.go":   "package reach\n",
	"qemu-tests/harness/run.go":    "package harness\nimport \"tuco/tools/tuco/host\"\n",
	"tools/tuco/host/host.go":      "package host\n",
	"other/go.mod":                 "module other\n",
	"other/kernel/main.go":         "package main\nimport \"tuco/kernel\"\n",
	"out/cache/x/main.go":          "package main\nimport \"tuco/kernel\"\n",
	".hidden/main.go":              "package main\nimport \"tuco/kernel\"\n",
	"kernel/container/extended.go": "package container\nimport \"unsafe\"\n",
}

func TestInOrder(t *testing.T) {
	var stdout, stderr bytes.Buffer
	status := run([]string{house(t, inOrder)}, &stdout, &stderr)
	assert.Equal(t, 0, status, stderr.String())
	assert.Equal(t, "layercheck: 17 packages in order\n", stdout.String())
	assert.Empty(t, stderr.String())
}

// rungNumber changes whenever a rung is put in.
var rungNumber = regexp.MustCompile(`\(rung \d+\)`)

// TestOffences plants one offence each in a house that is in order.
func TestOffences(t *testing.T) {
	for name, c := range map[string]struct{ file, text, want string }{
		"upward": {"kernel/pmm/up.go", "package pmm\n\nimport \"tuco/kernel/domain\"\n",
			"kernel/pmm/up.go:3: kernel/pmm (rung N) imports kernel/domain (rung N): an import goes to a lower rung; take what is needed as an argument, or move one of the two in tools/layercheck/layers.txt"},
		"sibling": {"kernel/pmm/side.go", "package pmm\nimport \"tuco/kernel/ptab\"\n",
			"kernel/pmm/side.go:2: kernel/pmm (rung N) imports kernel/ptab (rung N): an import goes to a lower rung"},
		"unknown package": {"kernel/secret/secret.go", "package secret\n",
			"kernel/secret/secret.go:1: package kernel/secret stands on no rung: give it one in tools/layercheck/layers.txt"},
		"below a known package": {"kernel/pmm/sub/sub.go", "package sub\n",
			"kernel/pmm/sub/sub.go:1: package kernel/pmm/sub stands on no rung"},
		"import of an unknown package": {"kernel/pmm/what.go", "package pmm\nimport \"tuco/kernel/secret\"\n",
			"kernel/pmm/what.go:2: kernel/pmm (rung N) imports kernel/secret, which stands on no rung"},
		"unknown part": {"attic/attic.go", "package attic\n",
			"attic/attic.go:1: package attic is in no part of the house: add it to tools/layercheck/layers.txt"},
		"std": {"kernel/pmm/std.go", "package pmm\nimport (\n\t\"math/bits\"\n\t\"fmt\"\n)\n",
			"kernel/pmm/std.go:4: kernel/pmm (rung N) imports fmt: of the standard library it may import unsafe, math/bits, sync/atomic, encoding/binary"},
		"embed": {"kernel/pmm/embed.go", "package pmm\nimport _ \"embed\"\n",
			"kernel/pmm/embed.go:2: kernel/pmm (rung N) imports embed"},
		"other system": {"kernel/pmm/x_windows.go", "//go:build windows\n\npackage pmm\nimport \"os\"\n",
			"kernel/pmm/x_windows.go:4: kernel/pmm (rung N) imports os"},
		"module": {"boot/dep.go", "package boot\nimport \"golang.org/x/arch/x86/x86asm\"\n",
			"boot/dep.go:2: boot (rung N) imports the module golang.org/x/arch/x86/x86asm"},
		"unsafe": {"kernel/pmm/cast.go", "package pmm\nimport \"unsafe\"\n",
			"kernel/pmm/cast.go:2: kernel/pmm/cast.go imports unsafe and is not listed for it in tools/layercheck/layers.txt"},
		"guestlib to kernel": {"guestlib/k.go", "package guestlib\nimport \"tuco/kernel/frame\"\n",
			"guestlib/k.go:2: guestlib (part guestlib) imports kernel/frame: it may import of ours only itself, hypercall, ring/...; if it must, say so in tools/layercheck/layers.txt"},
		"hypercall to ring": {"hypercall/r.go", "package hypercall\nimport \"tuco/ring\"\n",
			"hypercall/r.go:2: hypercall (rung N) imports ring, which stands on no rung"},
		"ring to hypercall": {"ring/h.go", "package ring\nimport \"tuco/hypercall\"\n",
			"ring/h.go:2: ring (part ring) imports hypercall: it may import nothing of ours but itself"},
		"kernel to tools": {"kernel/t.go", "package main\nimport \"tuco/tools/rtcheck/reach\"\n",
			"kernel/t.go:2: kernel (rung N) imports tools/rtcheck/reach, which stands on no rung"},
		"tools to kernel": {"tools/x/x.go", "package x\nimport \"tuco/kernel/svm\"\n",
			"tools/x/x.go:2: tools/x (part tools) imports kernel/svm"},
		"qemu-tests to kernel": {"qemu-tests/a/a.go", "package a\nimport \"tuco/kernel/klog\"\n",
			"qemu-tests/a/a.go:2: qemu-tests/a (part qemu-tests) imports kernel/klog"},
	} {
		t.Run(name, func(t *testing.T) {
			files := maps.Clone(inOrder)
			files[c.file] = c.text
			var stdout, stderr bytes.Buffer
			status := run([]string{house(t, files)}, &stdout, &stderr)
			assert.Equal(t, 1, status)
			assert.Contains(t, rungNumber.ReplaceAllString(stderr.String(), "(rung N)"), c.want)
			assert.Contains(t, stderr.String(), "layercheck: 1 offences\n")
			assert.Empty(t, stdout.String())
		})
	}
}

// TestThisHouse checks the repository itself.
func TestThisHouse(t *testing.T) {
	var stdout, stderr bytes.Buffer
	status := run([]string{"../.."}, &stdout, &stderr)
	assert.Equal(t, 0, status, stderr.String())
}

func TestBadTable(t *testing.T) {
	for text, want := range map[string]string{
		"rung a b\nrung c a\n": "layers:2: a stands on rung 0 already",
		"rung\n":               "layers:1: nothing follows rung",
		"\nstair a\n":          "layers:2: unknown keyword stair",
		"part tools kernel\n":  "layers:1: want part TREE: PACKAGE ...",
		"unsafe kernel/[\n":    "layers:1: kernel/[: syntax error in pattern",
	} {
		_, err := readTable("layers", text)
		assert.EqualError(t, err, want)
	}
	var stdout, stderr bytes.Buffer
	assert.Equal(t, 2, run([]string{"-table", "/nonexistent"}, &stdout, &stderr))
	assert.Equal(t, 2, run([]string{t.TempDir()}, &stdout, &stderr), "no go.mod")
	assert.Equal(t, 2, run([]string{"a", "b"}, &stdout, &stderr))
	assert.Equal(t, 2, run([]string{house(t, map[string]string{"tools/bad.go": "packag bad"})}, &stdout, &stderr))
	assert.Contains(t, stderr.String(), "bad.go:1:1: expected 'package'")
}
