//go:build boot

package qemutests

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"tuco/tools/tuco/host"
)

// A CPU without hardware virtualization is told of, and how to get one; then the machine halts.
func TestNoVirtualization(t *testing.T) {
	t.Parallel()
	for name, spec := range map[string]host.Spec{
		"amd":   {CPUModel: "qemu64,-svm"},
		"intel": {CPUModel: "Skylake-Client,check=off", CPUs: 2},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			outcome := boot(t, spec)
			requireHalt(t, outcome, `SVM|VT-x|VMX|AMD-V`)
			assert.Equal(t, 5, outcome.Status)
			requireLog(t, outcome, "-cpu")
			requireNoLog(t, outcome, "crash on cpu")
		})
	}
}

func linesOf(log string) []string { return strings.Split(log, "\n") }
