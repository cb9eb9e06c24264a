package keys

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"tuco/kernel/klog"
	"tuco/kernel/lock"
)

// press returns what pressing the keys logs.
func press(t *testing.T, keys string) string {
	t.Helper()
	builtin[0].Run = help
	before = 0
	var out strings.Builder
	klog.Sink = func(line []byte) { out.Write(line) }
	defer func() { klog.Sink = nil }()
	for i := range len(keys) {
		Press(&lock.Holder{}, keys[i])
	}
	return out.String()
}

func TestUnknownKeyGetsAHint(t *testing.T) {
	assert.Equal(t, "no such key: z; h for help\n", press(t, "z"))
	assert.Equal(t, "no such key: ?; h for help\n", press(t, "\x1b"), "a terminal must not obey")
	assert.Equal(t, "tuco: h for help\n", press(t, "\r"))
}

func extra(*lock.Holder) { klog.Infof("extra") }

func TestHelpListsEveryKeyOnce(t *testing.T) {
	defer func() { tableCount = 0 }()
	Add([]Key{{'t', "other timers", func(*lock.Holder) { klog.Infof("timers: 7") }}, {'x', "extra", extra}})
	out := press(t, "h")
	assert.Equal(t, len(builtin)+1, strings.Count(out, "\n"))
	assert.Contains(t, out, "  t  other timers\n")
	assert.NotContains(t, out, "  t  clock and timers\n")
	assert.Equal(t, "timers: 7\nextra\n", press(t, "tx"), "a later table wins")
}

func TestEveryKeyIsUsable(t *testing.T) {
	builtin[0].Run = help
	seen := map[byte]bool{}
	for _, k := range builtin {
		require.NotNil(t, k.Run, "%c", k.Key)
		require.NotEmpty(t, k.Help)
		require.False(t, seen[k.Key])
		seen[k.Key] = true
		assert.False(t, strings.HasSuffix(k.Help, "."))
	}
}

func TestCrashAsksTwice(t *testing.T) {
	klog.OnBug = func(reason []byte) { panic(string(reason)) }
	defer func() { klog.OnBug = nil }()
	assert.Contains(t, press(t, "C"), "C once more")
	assert.NotPanics(t, func() { press(t, "CeC") })
	assert.PanicsWithValue(t, "provoked by a key", func() { press(t, "CC") })
}

func TestTooManyTablesIsABug(t *testing.T) {
	defer func() { tableCount = 0; klog.OnBug = nil }()
	klog.OnBug = func(reason []byte) { panic(string(reason)) }
	for range maxTables {
		Add(nil)
	}
	assert.Panics(t, func() { Add(nil) })
}
