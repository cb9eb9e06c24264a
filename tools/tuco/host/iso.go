package host

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// An ISOSpec says what to put on a bootable CD.
type ISOSpec struct {
	Output string // path of the ISO to write
	Image  string // the hypervisor
	Bundle string // the boot bundle; none if empty
	Append string // the hypervisor's command line
}

// MakeISO writes a CD image from which a PC's BIOS starts GRUB, and GRUB the hypervisor by multiboot2, with the bundle
// as its one module. The path of either file on the CD is fixed: /boot/tuco.elf and /boot/bundle.cpio.
func MakeISO(ctx context.Context, spec ISOSpec, programs Programs) error {
	if err := checkFile("image", spec.Image); err != nil {
		return err
	}
	if spec.Bundle != "" {
		if err := checkFile("bundle", spec.Bundle); err != nil {
			return err
		}
	}
	mkrescue, unpacked, err := programs.find("grub-mkrescue")
	if err != nil {
		return err
	}
	for _, helper := range []string{"xorriso", "mformat"} {
		if _, _, err := programs.find(helper); err != nil {
			return err
		}
	}
	modules, err := programs.data("/usr/lib/grub/i386-pc", "grub-pc-bin")
	if err != nil {
		return err
	}

	root, err := os.MkdirTemp("", "tuco-iso-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(root)
	boot := filepath.Join(root, "boot")
	if err := os.MkdirAll(filepath.Join(boot, "grub"), 0o755); err != nil {
		return err
	}
	config := grubConfig(spec.Append, spec.Bundle != "")
	if err := os.WriteFile(filepath.Join(boot, "grub/grub.cfg"), []byte(config), 0o644); err != nil {
		return err
	}
	if err := copyFile(filepath.Join(boot, "tuco.elf"), spec.Image); err != nil {
		return err
	}
	if spec.Bundle != "" {
		if err := copyFile(filepath.Join(boot, "bundle.cpio"), spec.Bundle); err != nil {
			return err
		}
	}
	cmd := exec.CommandContext(ctx, mkrescue, "-o", spec.Output, "-d", modules,
		"--install-modules=multiboot2 normal iso9660 biosdisk", "--fonts=", "--locales=", "--themes=", root)
	cmd.Env = append(os.Environ(), programs.env(unpacked)...)
	var output bytes.Buffer
	cmd.Stdout, cmd.Stderr = &output, &output
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("grub-mkrescue: %w\n%s", err, output.Bytes())
	}
	return nil
}

// grubConfig is the boot menu: one entry, taken at once.
func grubConfig(commandLine string, bundle bool) string {
	var b strings.Builder
	b.WriteString("set timeout=0\nset default=0\nmenuentry \"Tuco\" {\n\tmultiboot2 /boot/tuco.elf")
	for _, word := range strings.Fields(commandLine) {
		b.WriteString(" " + grubWord(word))
	}
	b.WriteString("\n")
	if bundle {
		b.WriteString("\tmodule2 /boot/bundle.cpio bundle\n")
	}
	b.WriteString("\tboot\n}\n")
	return b.String()
}

// grubWord quotes a word for GRUB's shell, whose single quotes work as those of a POSIX shell.
func grubWord(word string) string {
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}

func copyFile(to, from string) error {
	data, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	return os.WriteFile(to, data, 0o644)
}
