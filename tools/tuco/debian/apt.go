package debian

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
)

// fetch downloads a package into a directory and gives the archive's path.
func (c Cache) fetch(ctx context.Context, name, prefix, dir string) (archive string, err error) {
	for _, program := range []string{"apt-get", "apt-cache", "dpkg-deb"} {
		if _, err := exec.LookPath(program); err != nil {
			return "", &unavailable{fmt.Sprintf("%s is not installed, which the Debian package %s is fetched with: "+
				"fetch the package by hand from https://packages.debian.org/%s (for a package without files, the one that it "+
				"depends on) and unpack it into %s", program, name, name, filepath.Join(c.Dir, name))}
		}
	}
	a := apt{options: []string{"-o", "APT::Sandbox::User=root"}} // no other user may write in our directories
	if !a.knows(ctx, name) {
		if err := a.useOwnLists(filepath.Join(c.Dir, "apt")); err != nil {
			return "", err
		}
		if !a.knows(ctx, name) {
			c.say("fetching Debian's lists of packages")
			if _, err := a.run(ctx, dir, "apt-get", "-q", "update"); err != nil {
				return "", err
			}
		}
	}
	concrete, err := a.concrete(ctx, name, prefix)
	if err != nil {
		return "", err
	}
	c.say("fetching the Debian package %s", concrete)
	if _, err := a.run(ctx, dir, "apt-get", "-q", "download", concrete); err != nil {
		return "", err
	}
	archives, err := filepath.Glob(filepath.Join(dir, "*.deb"))
	if err != nil || len(archives) != 1 {
		return "", fmt.Errorf("apt-get download %s left %d packages in %s", concrete, len(archives), dir)
	}
	return archives[0], nil
}

// An apt runs apt's programs with options.
type apt struct{ options []string }

// useOwnLists makes apt keep its lists and its cache in a directory, which needs no root.
func (a *apt) useOwnLists(dir string) error {
	for _, sub := range []string{"lists/partial", "cache/archives/partial"} {
		if err := os.MkdirAll(filepath.Join(dir, sub), 0o755); err != nil {
			return err
		}
	}
	a.options = append(a.options, "-o", "Dir::State::Lists="+filepath.Join(dir, "lists"),
		"-o", "Dir::Cache="+filepath.Join(dir, "cache"), "-o", "Debug::NoLocking=1")
	return nil
}

func (a *apt) run(ctx context.Context, dir, program string, words ...string) (string, error) {
	cmd := exec.CommandContext(ctx, program, append(a.options, words...)...)
	cmd.Dir = dir
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return "", &unavailable{fmt.Sprintf("%s %s: %v: %s", program, strings.Join(words, " "), err, strings.TrimSpace(stderr.String()))}
	}
	return stdout.String(), err
}

// knows tells whether the lists of packages have one.
func (a *apt) knows(ctx context.Context, name string) bool {
	text, err := a.run(ctx, ".", "apt-cache", "show", "--no-all-versions", name)
	return err == nil && text != ""
}

// concrete gives the package that a name stands for.
func (a *apt) concrete(ctx context.Context, name, prefix string) (string, error) {
	text, err := a.run(ctx, ".", "apt-cache", "show", "--no-all-versions", name)
	if err != nil {
		return "", err
	}
	return dependency(text, name, prefix), nil
}

// dependency finds in a package's description the package that it needs whose name begins with prefix; without such a
// one, or without a prefix, the package stands for itself.
func dependency(description, name, prefix string) string {
	if prefix == "" {
		return name
	}
	for line := range strings.Lines(description) {
		if list, ok := strings.CutPrefix(line, "Depends:"); ok {
			if found := regexp.MustCompile(`(?:^|[ ,|])(` + regexp.QuoteMeta(prefix) + `[-+.a-z0-9]*)`).FindStringSubmatch(list); found != nil {
				return found[1]
			}
		}
	}
	return name
}
