package selftest

import (
	"os"
	"regexp"
	"strconv"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"tuco/kernel/domain"
	"tuco/kernel/frame"
)

// constants reads the guest's .equ lines that are plain numbers.
func constants(t *testing.T) (source string, equ map[string]uint64) {
	t.Helper()
	text, err := os.ReadFile("guest.S")
	require.NoError(t, err)
	equ = map[string]uint64{}
	for _, m := range regexp.MustCompile(`(?m)^\t\.equ\t(\w+),\t+(0x[0-9a-f]+|\d+)\b`).FindAllStringSubmatch(string(text), -1) {
		value, err := strconv.ParseUint(m[2], 0, 64)
		require.NoError(t, err)
		equ[m[1]] = value
	}
	return string(text), equ
}

// The guest's source and the host's agree on where things are.
func TestGuestAddresses(t *testing.T) {
	_, equ := constants(t)
	assert.EqualValues(t, base+pageData*frame.PageSize, equ["DATA"])
	assert.EqualValues(t, base+pageIDT*frame.PageSize, equ["IDT"])
	assert.EqualValues(t, lazyAt, equ["LAZY"])
	assert.EqualValues(t, base+pageRemapped*frame.PageSize, equ["REMAPPED"])
}

// … on what its hypercalls are.
func TestGuestCalls(t *testing.T) {
	_, equ := constants(t)
	names := map[string]string{
		"null": "CALL_NULL", "report": "CALL_REPORT", "lost": "CALL_LOST", "alarm": "CALL_ALARM",
		"interrupt": "CALL_INTERRUPT", "yield": "CALL_YIELD", "remap": "CALL_REMAP", "tsc": "CALL_TSC",
		"farewell": "CALL_FAREWELL", "echo": "CALL_ECHO",
	}
	require.Len(t, names, len(calls))
	for number, call := range calls {
		assert.EqualValues(t, number, equ[names[call.Name]], call.Name)
		assert.NotNil(t, call.Call)
	}
	assert.GreaterOrEqual(t, equ["NO_SUCH_CALL"], uint64(len(calls)))
	assert.EqualValues(t, -38, domain.NoSuchCall)
}

// … and on which checks there are: each is reported once, but for the last,
// which the host sees by itself.
func TestGuestReports(t *testing.T) {
	source, _ := constants(t)
	reported := map[string]int{}
	for _, m := range regexp.MustCompile(`(?m)^\tREPORT\t(\d+)$`).FindAllStringSubmatch(source, -1) {
		reported[m[1]]++
	}
	for number, check := range checks {
		want := 1
		if number == checkDouble {
			want = 0
		}
		assert.Equal(t, want, reported[strconv.Itoa(number)], check.name)
		delete(reported, strconv.Itoa(number))
	}
	assert.Empty(t, reported)
	assert.LessOrEqual(t, len(checks), 63, "guest.seen has a bit for each, and one more")
}
