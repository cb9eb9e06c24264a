package main

import (
	"bufio"
	"errors"
	"fmt"
	"os/exec"
	"regexp"
	"strings"
)

// storeSteps are commands of Debian's xenstore-utils, which read and write the machine's part of Xen's store, and what they have to say. One with no such text has to
// fail.
var storeSteps = []struct{ command, says string }{
	{"xenstore-read domid", `^\d+\n$`},
	{"xenstore-read name", `^\S+\n$`},
	{"xenstore-ls memory", `(?m)^target = "\d+"$`},
	{"xenstore-ls", ""}, // of all there is
	{"xenstore-ls -p control", `(?m)^shutdown = "".*\(n\d+\)$`},
	{"xenstore-write data/a one data/b/c two", `^$`},
	{"xenstore-read data/a data/b/c", `^one\ntwo\n$`},
	{"xenstore-list data", `^a\nb\n$`},
	{"xenstore-exists data/a", `^$`},
	{"xenstore-exists data/none", ""},
	{"xenstore-chmod data/a n0 r0", ""}, // a guest can't give a node away
	{"xenstore-rm data/b", `^$`},
	{"xenstore-read data/b/c", ""},
	{"xenstore-write /tool/mine 1", ""},
	{"xenstore-read /local/domain/0/name", ""},
}

func tryStore() error {
	for _, step := range storeSteps {
		if err := tryStep(step.command, step.says); err != nil {
			return err
		}
	}
	return watch()
}

func tryStep(command, says string) error {
	words := strings.Fields(command)
	var complaint strings.Builder
	cmd := exec.Command("/bin/"+words[0], words[1:]...)
	cmd.Stderr = &complaint
	out, err := cmd.Output()
	_, failed := errors.AsType[*exec.ExitError](err)
	switch {
	case err != nil && !failed:
		return err
	case says == "" && !failed:
		return fmt.Errorf("%s: did not fail, and says %q", command, out)
	case says == "":
		return nil
	case failed:
		return fmt.Errorf("%s: %w: %s", command, err, complaint.String())
	}
	if !regexp.MustCompile(says).Match(out) {
		return fmt.Errorf("%s: says %q, which does not match %s", command, out, says)
	}
	return nil
}

// watch has a node watched: there is an event at the beginning, and one for a change.
func watch() error {
	const node = "data/watched"
	cmd := exec.Command("/bin/xenstore-watch", "-n", "2", node)
	out, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	lines := bufio.NewReader(out)
	for _, do := range []func() error{
		func() error { return nil },
		func() error { return tryStep("xenstore-write "+node+" 1", "^$") },
	} {
		if err := do(); err != nil {
			return err
		}
		if line, err := lines.ReadString('\n'); err != nil || line != node+"\n" {
			return fmt.Errorf("xenstore-watch %s: says %q, %v", node, line, err)
		}
	}
	if err := cmd.Wait(); err != nil {
		return fmt.Errorf("xenstore-watch %s: %w", node, err)
	}
	return nil
}
