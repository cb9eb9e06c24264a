package debian

import (
	"archive/tar"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// unpack writes the wanted regular files of a package below a directory.
func unpack(ctx context.Context, archive, to string, want func(path string) bool) error {
	cmd := exec.CommandContext(ctx, "dpkg-deb", "--fsys-tarfile", archive)
	var complaint strings.Builder
	cmd.Stderr = &complaint
	output, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	err = extract(output, to, want)
	io.Copy(io.Discard, output) // or dpkg-deb would fail to write
	if failed := cmd.Wait(); err == nil && failed != nil {
		err = fmt.Errorf("dpkg-deb: %w: %s", failed, strings.TrimSpace(complaint.String()))
	}
	return err
}

// extract writes the wanted regular files of a tar archive. An archive without any is an error.
func extract(archive io.Reader, to string, want func(path string) bool) error {
	reader := tar.NewReader(archive)
	found := false
	for {
		header, err := reader.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
		path := filepath.Clean("/" + header.Name)[1:]
		if header.Typeflag != tar.TypeReg || !want(path) {
			continue
		}
		found = true
		if err := write(filepath.Join(to, path), reader); err != nil {
			return err
		}
	}
	if !found {
		return errors.New("the package has none of the files that are wanted")
	}
	return nil
}

func write(path string, from io.Reader) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	if _, err := io.Copy(file, from); err != nil {
		file.Close()
		return err
	}
	return file.Close()
}
