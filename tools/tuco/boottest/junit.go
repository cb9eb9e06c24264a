package boottest

import (
	"encoding/xml"
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"time"
)

// The elements of a JUnit report, as far as those who read such files agree on them.
type (
	junitSuites struct {
		XMLName xml.Name   `xml:"testsuites"`
		Suite   junitSuite `xml:"testsuite"`
	}
	junitSuite struct {
		Name     string      `xml:"name,attr"`
		Tests    int         `xml:"tests,attr"`
		Failures int         `xml:"failures,attr"`
		Skipped  int         `xml:"skipped,attr"`
		Time     string      `xml:"time,attr"`
		Cases    []junitCase `xml:"testcase"`
	}
	junitCase struct {
		Class   string        `xml:"classname,attr"`
		Name    string        `xml:"name,attr"`
		Time    string        `xml:"time,attr"`
		File    string        `xml:"file,attr"`
		Failure *junitFailure `xml:"failure"`
		Output  *junitText    `xml:"system-out"`
	}
	junitText struct {
		Text string `xml:",cdata"`
	}
	junitFailure struct {
		Message string `xml:"message,attr"`
		Text    string `xml:",chardata"`
	}
)

// consoleTail is how much of a console a report has.
const consoleTail = 64 << 10

// WriteJUnit writes results as a JUnit report.
func WriteJUnit(w io.Writer, results []Result, elapsed time.Duration) error {
	suite := junitSuite{Name: "tuco", Tests: len(results), Time: seconds(elapsed)}
	for _, r := range results {
		c := junitCase{
			Class: filepath.ToSlash(filepath.Dir(r.Test.File)), Name: strings.TrimSuffix(filepath.Base(r.Test.File), Extension),
			File: filepath.ToSlash(r.Test.File), Time: seconds(r.Elapsed), Output: &junitText{printable(tail(r.Console, consoleTail))},
		}
		if r.Failure != "" {
			suite.Failures++
			c.Failure = &junitFailure{Message: printable(r.Failure), Text: "artifacts: " + r.Dir}
		}
		suite.Cases = append(suite.Cases, c)
	}
	if _, err := io.WriteString(w, xml.Header); err != nil {
		return err
	}
	e := xml.NewEncoder(w)
	e.Indent("", "  ")
	if err := e.Encode(junitSuites{Suite: suite}); err != nil {
		return err
	}
	_, err := io.WriteString(w, "\n")
	return err
}

func seconds(d time.Duration) string { return fmt.Sprintf("%.3f", d.Seconds()) }

// printable leaves out what XML has no way to say.
func printable(text string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' && r != '\n' && r != '\t' || r == 0x7f || r >= 0xfffe {
			return -1
		}
		return r
	}, text)
}

// tail is the end of a text, from the beginning of a line.
func tail(text string, most int) string {
	if len(text) <= most {
		return text
	}
	text = text[len(text)-most:]
	return "…\n" + text[strings.IndexByte(text, '\n')+1:]
}
