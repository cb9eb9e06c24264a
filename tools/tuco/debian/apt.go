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

// fetch downloads packages into a directory and gives the archives' paths.
func (c Cache) fetch(ctx context.Context, f files, dir string) (archives []string, err error) {
	for _, program := range []string{"apt-get", "apt-cache", "dpkg-deb"} {
		if _, err := exec.LookPath(program); err != nil {
			return nil, &unavailable{fmt.Sprintf("%s is not installed, which the Debian package %s is fetched with: "+
				"fetch it by hand from https://packages.debian.org/%s (for a package without files, the one that it "+
				"depends on; for programs, their libraries' packages too) and unpack it into %s",
				program, strings.Join(f.packages, ", "), f.packages[0], filepath.Join(c.Dir, f.name))}
		}
	}
	// The system's lists may not know the package, or know one that is gone by now: then lists of our own are fetched.
	system := apt{dir: dir, options: []string{"-o", "APT::Sandbox::User=root"}} // no other user may write in our directories
	if archives, err = system.archives(f); err == nil {
		return archives, nil
	}
	own, err := system.withLists(filepath.Join(c.Dir, "apt"))
	if err != nil {
		return nil, err
	}
	if archives, err = own.archives(f); err == nil {
		return archives, nil
	}
	c.say("fetching Debian's lists of packages")
	if _, err := own.run(ctx, "apt-get", "-q", "update"); err != nil {
		return nil, err
	}
	return own.archives(f)
}

// archives has packages downloaded, and gives the archives' paths.
func (a apt) archives(f files) ([]string, error) {
	old, err := a.found()
	if err != nil {
		return nil, err
	}
	for _, archive := range old { // of an earlier try
		if err := os.Remove(archive); err != nil {
			return nil, err
		}
	}
	if err := f.download(a); err != nil {
		return nil, err
	}
	return a.found()
}

func (a apt) found() ([]string, error) { return filepath.Glob(filepath.Join(a.dir, "*.deb")) }

// download downloads the package that a name stands for.
func (c Cache) download(ctx context.Context, a apt, name, prefix string) error {
	description, err := a.run(ctx, "apt-cache", "show", "--no-all-versions", name)
	if err != nil {
		return err
	}
	concrete := dependency(description, name, prefix)
	c.say("fetching the Debian package %s", concrete)
	if _, err := a.run(ctx, "apt-get", "-q", "download", concrete); err != nil {
		return err
	}
	if archives, err := a.found(); err != nil || len(archives) != 1 {
		return fmt.Errorf("apt-get download %s left %d packages in %s", concrete, len(archives), a.dir)
	}
	return nil
}

// downloadAll downloads packages, and those of the libraries that they depend on.
func (c Cache) downloadAll(ctx context.Context, a apt, packages []string) error {
	all := slices.Clone(packages)
	for i := 0; i < len(all); i++ {
		description, err := a.run(ctx, "apt-cache", "show", "--no-all-versions", all[i])
		if err != nil {
			return err
		}
		for _, library := range libraries(description) {
			if !slices.Contains(all, library) {
				all = append(all, library)
			}
		}
	}
	c.say("fetching the Debian packages %s", strings.Join(all, ", "))
	_, err := a.run(ctx, "apt-get", append([]string{"-q", "download"}, all...)...)
	return err
}

// libraries are the packages of libraries that a package depends on: by Debian's policy, their names begin with lib.
func libraries(description string) (names []string) {
	for line := range strings.Lines(description) {
		list, depends := strings.CutPrefix(line, "Depends:")
		if !depends {
			if list, depends = strings.CutPrefix(line, "Pre-Depends:"); !depends {
				continue
			}
		}
		for one := range strings.SplitSeq(list, ",") {
			name := strings.FieldsFunc(one, func(c rune) bool { return strings.ContainsRune(" \n(:|", c) })
			if len(name) > 0 && strings.HasPrefix(name[0], "lib") {
				names = append(names, name[0])
			}
		}
	}
	return names
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
