package guest

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestVerdicts(t *testing.T) {
	for _, test := range []struct {
		name, console string
		want          Count
		ended         bool
	}{
		{"nothing", "", Count{}, false},
		{"all kinds", "=== RUN   TestA\r\n--- PASS: TestA (0.00s)\r\n--- SKIP: TestB (0.00s)\r\n    a_test.go:1: no\r\n--- FAIL: TestC (0.00s)\r\nFAIL\r\n",
			Count{1, 1, 1}, true},
		{"tests within tests", "--- PASS: TestA (0.00s)\n    --- PASS: TestA/one (0.00s)\nPASS\n", Count{Passed: 1}, true},
		{"cut off", "--- PASS: TestA (0.00s)\n=== RUN   TestB\n", Count{Passed: 1}, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			count, ended := Verdicts(test.console)
			require.Equal(t, test.want, count)
			require.Equal(t, test.ended, ended)
		})
	}
	require.Equal(t, "1 passed, 2 failed, 3 skipped", Count{1, 2, 3}.String())
}
