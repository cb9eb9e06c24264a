package boottest

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"go.starlark.net/starlark"
)

// A Step is one thing that is done, or waited for.
type Step struct {
	Line  int    // where the file makes it
	Guest string // whom it is about
	Kind  Kind

	Pattern *regexp.Regexp // of an Expect
	Text    string         // of a Send
	For     time.Duration  // of a Wait
	How     string         // of an End
	Within  time.Duration  // of an Expect and an End; 0: as long as the test may take
}

// A Kind is what a step does.
type Kind string

// The kinds of step, by the names of the functions that make them.
const (
	Expect Kind = "expect" // a line that matches
	Send   Kind = "send"   // a line is typed
	Wait   Kind = "wait"   // some time passes
	End    Kind = "end"    // the guest ends
)

// ends are the ways in which a guest can be waited for to end, and the control domain's names of them.
var ends = map[string]string{"poweroff": "power off", "reboot": "reboot", "crash": "crash", "watchdog": "watchdog"}

// functions are what a file makes its steps with.
var functions = starlark.StringDict{
	string(Expect): starlark.NewBuiltin(string(Expect), makeExpect),
	string(Send):   starlark.NewBuiltin(string(Send), makeSend),
	string(Wait):   starlark.NewBuiltin(string(Wait), makeWait),
	string(End):    starlark.NewBuiltin(string(End), makeEnd),
}

func newStep(t *starlark.Thread, kind Kind) *Step {
	return &Step{Kind: kind, Line: int(t.CallFrame(1).Pos.Line)} // frame 0 is the function itself
}

func makeExpect(t *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, named []starlark.Tuple) (starlark.Value, error) {
	s := newStep(t, Expect)
	var pattern string
	var within starlark.Value
	if err := starlark.UnpackArgs(string(Expect), args, named, "pattern", &pattern, "within?", &within, "guest?", &s.Guest); err != nil {
		return nil, err
	}
	var err error
	if s.Pattern, err = compile(pattern); err != nil {
		return nil, fmt.Errorf("expect: %w", err)
	}
	if s.Within, err = duration(within); err != nil {
		return nil, fmt.Errorf("expect: within: %w", err)
	}
	return s, nil
}

func makeSend(t *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, named []starlark.Tuple) (starlark.Value, error) {
	s := newStep(t, Send)
	if err := starlark.UnpackArgs(string(Send), args, named, "text", &s.Text, "guest?", &s.Guest); err != nil {
		return nil, err
	}
	if len(s.Text) > sendMax || strings.ContainsFunc(s.Text, func(r rune) bool { return r < ' ' || r == 0x7f }) {
		return nil, fmt.Errorf("send: the text is typed as a line: it has at most %d bytes and no control characters", sendMax)
	}
	return s, nil
}

// sendMax is less than what a guest's console and the control domain's have room for.
const sendMax = 512

func makeWait(t *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, named []starlark.Tuple) (starlark.Value, error) {
	s := newStep(t, Wait)
	var length starlark.Value
	if err := starlark.UnpackArgs(string(Wait), args, named, "duration", &length); err != nil {
		return nil, err
	}
	var err error
	if s.For, err = duration(length); err != nil {
		return nil, fmt.Errorf("wait: %w", err)
	}
	return s, nil
}

func makeEnd(t *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, named []starlark.Tuple) (starlark.Value, error) {
	s := newStep(t, End)
	s.How = "poweroff"
	var within starlark.Value
	if err := starlark.UnpackArgs(string(End), args, named, "how?", &s.How, "within?", &within, "guest?", &s.Guest); err != nil {
		return nil, err
	}
	if ends[s.How] == "" {
		return nil, fmt.Errorf("end: a guest can't be waited for to end by %q; poweroff, reboot, crash and watchdog are possible", s.How)
	}
	var err error
	if s.Within, err = duration(within); err != nil {
		return nil, fmt.Errorf("end: within: %w", err)
	}
	return s, nil
}

func compile(pattern string) (*regexp.Regexp, error) {
	if pattern == "" {
		return nil, errors.New("the pattern is empty: every line matches it")
	}
	r, err := regexp.Compile(pattern)
	if err != nil {
		return nil, fmt.Errorf("%w; in a string r\"…\" a backslash is itself", err)
	}
	return r, nil
}

// duration is a time: a string such as "1m30s", or a number of seconds. None is 0.
func duration(v starlark.Value) (time.Duration, error) {
	var d time.Duration
	switch v := v.(type) {
	case nil:
		return 0, nil
	case starlark.String:
		parsed, err := time.ParseDuration(string(v))
		if err != nil {
			return 0, fmt.Errorf("%s is no time; write \"30s\" or \"1m30s\", say", v)
		}
		d = parsed
	case starlark.Int:
		n, ok := v.Int64()
		if !ok || n > int64(longest/time.Second) {
			return 0, fmt.Errorf("%s seconds are too long; at most %v", v, longest)
		}
		d = time.Duration(n) * time.Second
	default:
		return 0, fmt.Errorf("it is a %s; write \"30s\" or \"1m30s\", say", v.Type())
	}
	if d <= 0 || d > longest {
		return 0, fmt.Errorf("%v is no time that can be waited for; at most %v", d, longest)
	}
	return d, nil
}

// longest is how long anything may take.
const longest = 24 * time.Hour

// String is the step as a file has it.
func (s *Step) String() string {
	var words []string
	switch s.Kind {
	case Expect:
		words = append(words, quotePattern(s.Pattern.String()))
	case Send:
		words = append(words, strconv.Quote(s.Text))
	case Wait:
		words = append(words, strconv.Quote(s.For.String()))
	case End:
		words = append(words, strconv.Quote(s.How))
	}
	if s.Within > 0 {
		words = append(words, fmt.Sprintf("within = %q", s.Within))
	}
	return fmt.Sprintf("%s(%s)", s.Kind, strings.Join(words, ", "))
}

// quotePattern quotes a pattern so that it has the backslashes that it has.
func quotePattern(p string) string {
	if strings.Contains(p, `\`) && !strings.ContainsAny(p, "\"\n") {
		return `r"` + p + `"`
	}
	return strconv.Quote(p)
}

// What makes a step a value of Starlark's.

// Type is starlark.Value's.
func (s *Step) Type() string { return "step" }

// Freeze is starlark.Value's.
func (s *Step) Freeze() {}

// Truth is starlark.Value's.
func (s *Step) Truth() starlark.Bool { return true }

// Hash is starlark.Value's.
func (s *Step) Hash() (uint32, error) { return 0, errors.New("a step can't be a key") }
