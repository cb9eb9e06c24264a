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
	"slices"
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
	// The system's lists may not know the package, or know one that is gone by now: then lists of our own are fetched.
	system := apt{dir: dir, options: []string{"-o", "APT::Sandbox::User=root"}} // no other user may write in our directories
	if archive, err = c.download(ctx, system, name, prefix); err == nil {
		return archive, nil
	}
	own, err := system.withLists(filepath.Join(c.Dir, "apt"))
	if err != nil {
		return "", err
	}
	if archive, err = c.download(ctx, own, name, prefix); err == nil {
		return archive, nil
	}
	c.say("fetching Debian's lists of packages")
	if _, err := own.run(ctx, "apt-get", "-q", "update"); err != nil {
		return "", err
	}
	return c.download(ctx, own, name, prefix)
}

// download downloads the package that a name stands for.
func (c Cache) download(ctx context.Context, a apt, name, prefix string) (archive string, err error) {
	description, err := a.run(ctx, "apt-cache", "show", "--no-all-versions", name)
	if err != nil {
		return "", err
	}
	concrete := dependency(description, name, prefix)
	c.say("fetching the Debian package %s", concrete)
	if _, err := a.run(ctx, "apt-get", "-q", "download", concrete); err != nil {
		return "", err
	}
	archives, err := filepath.Glob(filepath.Join(a.dir, "*.deb"))
	if err != nil || len(archives) != 1 {
		return "", fmt.Errorf("apt-get download %s left %d packages in %s", concrete, len(archives), a.dir)
	}
	return archives[0], nil
}

// An apt runs apt's programs in a directory, with options.
type apt struct {
	dir     string
	options []string
}

// withLists gives an apt that keeps its lists and its cache in a directory, which needs no root.
func (a apt) withLists(dir string) (apt, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return apt{}, err
	}
	for _, sub := range []string{"lists/partial", "cache/archives/partial"} {
		if err := os.MkdirAll(filepath.Join(dir, sub), 0o755); err != nil {
			return apt{}, err
		}
	}
	a.options = append(slices.Clone(a.options), "-o", "Dir::State::Lists="+filepath.Join(dir, "lists"),
		"-o", "Dir::Cache="+filepath.Join(dir, "cache"), "-o", "Debug::NoLocking=1")
	return a, nil
}

func (a apt) run(ctx context.Context, program string, words ...string) (string, error) {
	cmd := exec.CommandContext(ctx, program, append(slices.Clone(a.options), words...)...)
	cmd.Dir = a.dir
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()
	var exit *exec.ExitError
	if errors.As(err, &exit) && ctx.Err() == nil {
		return "", &unavailable{fmt.Sprintf("%s %s: %v: %s", program, strings.Join(words, " "), err, strings.TrimSpace(stderr.String()))}
	}
	return stdout.String(), err
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
