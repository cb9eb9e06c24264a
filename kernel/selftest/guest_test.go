package selftest

import (
	"fmt"
	"os"
	"regexp"
	"strconv"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"tuco/kernel/domain"
	"tuco/kernel/exit"
	"tuco/kernel/frame"
)

// constants reads the guest's .equ lines that are plain numbers.
func constants(t *testing.T) (source string, equ map[string]uint64) {
	t.Helper()
	var text []byte
	for _, name := range []string{"guest.S", "paravirtual.inc"} {
		part, err := os.ReadFile(name)
		require.NoError(t, err)
		text = append(text, part...)
	}
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
	assert.EqualValues(t, codeAt, equ["CODE_AT"])
	assert.EqualValues(t, base+pageGDT*frame.PageSize, equ["TASK"])
}

// … on the words that they share: in the source each is an offset from DATA.
func TestGuestWords(t *testing.T) {
	source, _ := constants(t)
	for name, index := range map[string]int{
		"FLAG": dataFlag, "VECTOR": dataVector, "CODE": dataCode, "ADDRESS": dataAddress, "RESUME": dataResume,
		"SOFT": dataSoft, "LENGTH": dataLength, "STATUS": dataStatus, "PLACE": dataPlace,
		"HASBASES": dataHasBases, "HASXSAVE": dataHasXSAVE, "HASBREAKS": dataHasBreaks,
	} {
		assert.Regexp(t, fmt.Sprintf(`(?m)^\t\.equ\t%s,\t+DATA \+ 0x%02x\b`, name, index*8), source)
	}
}

// … on the selectors, and on what raised an interrupt.
func TestGuestNumbers(t *testing.T) {
	_, equ := constants(t)
	assert.EqualValues(t, selectorCode32, equ["SELECTOR_CODE32"])
	assert.EqualValues(t, selectorData3, equ["SELECTOR_DATA3"])
	assert.EqualValues(t, selectorCode3, equ["SELECTOR_CODE3"])
	assert.EqualValues(t, selectorCode32+8, selectorData3, "as SYSRET wants it")
	assert.EqualValues(t, selectorCode32+16, selectorCode3)
	assert.EqualValues(t, exit.SoftINT, equ["SOFT_INT"])
	assert.EqualValues(t, exit.SoftINT3, equ["SOFT_INT3"])
	assert.EqualValues(t, exit.SoftINTO, equ["SOFT_INTO"])
	assert.EqualValues(t, exit.SoftICEBP, equ["SOFT_ICEBP"])
}

// … on what its hypercalls are.
func TestGuestCalls(t *testing.T) {
	_, equ := constants(t)
	names := map[string]string{
		"null": "CALL_NULL", "report": "CALL_REPORT", "lost": "CALL_LOST", "alarm": "CALL_ALARM",
		"interrupt": "CALL_INTERRUPT", "yield": "CALL_YIELD", "remap": "CALL_REMAP", "tsc": "CALL_TSC",
		"farewell": "CALL_FAREWELL", "echo": "CALL_ECHO", "level": "CALL_LEVEL", "space": "CALL_SPACE",
		"flush": "CALL_FLUSH", "bases": "CALL_BASES", "debug": "CALL_DEBUG", "done": "CALL_DONE",
	}
	require.Len(t, names, len(callNames))
	for number, name := range callNames {
		assert.EqualValues(t, number, equ[names[name]], name)
		assert.NotNil(t, calls[number])
	}
	assert.GreaterOrEqual(t, equ["NO_SUCH_CALL"], uint64(len(callNames)))
	assert.EqualValues(t, -38, domain.NoSuchCall)
}

// … and on which checks there are: each is reported once, but for those that
// the host sees by itself.
func TestGuestReports(t *testing.T) {
	source, _ := constants(t)
	reported := map[string]int{}
	for _, m := range regexp.MustCompile(`(?m)^\tREPORT\t(\d+)$`).FindAllStringSubmatch(source, -1) {
		reported[m[1]]++
	}
	for number, check := range checks {
		want := 1
		if number == checkDouble || number == checkRefused {
			want = 0
		}
		assert.Equal(t, want, reported[strconv.Itoa(number)], check.name)
		delete(reported, strconv.Itoa(number))
	}
	assert.Empty(t, reported)
	assert.LessOrEqual(t, len(checks), 63, "guest.seen has a bit for each, and one more")
}
