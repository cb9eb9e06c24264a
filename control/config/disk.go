package config

import (
	"fmt"
	"slices"
	"strings"
)

const diskExample = "vol:web,xvda,w"

// The parameters of a disk, in the order that they have without their names. xl-disk-configuration(5).
var diskParameters = []string{"target", "format", "vdev", "access"}

// What xl-disk-configuration(5) has besides, and what to do about it.
var diskElsewhere = map[string]string{
	"backend":     "the control domain is every disk's back end; remove it",
	"backendtype": "there is one kind of back end; remove it",
	"cdrom":       "a paravirtual guest has no CD; use access=ro",
	"devtype":     "a paravirtual guest has no CD; remove it, and use access=ro",
	"discard":     "discarding is always on; remove it",
	"script":      "a volume needs no script; remove it",
}

// access are the names of the two ways of access, and whether each is read only. Without one it is not.
var access = map[string]bool{"": false, "r": true, "ro": true, "w": false, "rw": false}

func (r *reader) disks() {
	r.list(MaxDisks, diskExample, func(line int, s string) {
		before := len(r.errs)
		d := r.disk(line, s)
		for _, o := range r.guest.Disks {
			switch {
			case o.VDev == d.VDev:
				r.failAt(line, "two disks have the vdev %s; give each its own", d.VDev)
			case o.Volume == d.Volume && !(o.ReadOnly && d.ReadOnly):
				r.failAt(line, "the volume %s is there twice; where one of them is writable, they would destroy each other's data", d.Volume)
			}
		}
		if len(r.errs) == before {
			r.guest.Disks = append(r.guest.Disks, d)
		}
	})
}

// disk reads the description of one disk.
func (r *reader) disk(line int, s string) (d Disk) {
	p := pairs{r, line, diskParameters, map[string]string{}}
	place := 0
	for _, f := range fields(s) {
		word := f.key
		if !f.named {
			word = f.value
		}
		remedy, other := diskElsewhere[word]
		switch {
		case other:
			r.failAt(line, "the parameter %q of xl is not one of Tuco's: %s", word, remedy)
			return d
		case f.named:
			if !p.set(f.key, f.value) {
				return d
			}
		default:
			for place < len(diskParameters) && has(p.got, diskParameters[place]) {
				place++
			}
			if place == len(diskParameters) {
				r.failAt(line, "%q is one value too many; a disk is 'target, format, vdev, access'", f.value)
				return d
			}
			p.got[diskParameters[place]] = f.value
			// vol: implies the format, as phy: does for xl.
			if diskParameters[place] == "target" && strings.HasPrefix(f.value, volumePrefix) {
				p.got["format"] = ""
			}
		}
	}
	return r.makeDisk(line, p.got)
}

const volumePrefix = "vol:"

func has(m map[string]string, key string) bool { _, ok := m[key]; return ok }

// makeDisk judges the parameters of a disk. Where a value is at a wrong place the others are too, so only the first error is told.
func (r *reader) makeDisk(line int, got map[string]string) (d Disk) {
	d.Volume, d.VDev = strings.TrimPrefix(got["target"], volumePrefix), got["vdev"]
	readOnly, known := access[got["access"]]
	d.ReadOnly = readOnly
	_, badVDev := VDevNumber(d.VDev)
	switch format := got["format"]; {
	case d.Volume == "":
		r.failAt(line, "no target; write the volume's name: '%s'", diskExample)
	case strings.ContainsAny(d.Volume, "/:"):
		r.failAt(line, "the target %q is not a volume; bring the image into the host by tuco volume import, and write vol:NAME", d.Volume)
	case !plainName(d.Volume):
		r.failAt(line, "%q can't be a volume's name: it has letters, digits, '.', '_' and '-'", d.Volume)
	case slices.Contains([]string{"qcow", "qcow2", "qed", "vhd"}, format):
		r.failAt(line, "the format %s is none of a volume; bring the image into the host by tuco volume import, and write format=raw", format)
	case format != "" && format != "raw":
		r.failAt(line, "%s", unknown("format", format, []string{"raw"}))
	case badVDev != nil:
		r.failAt(line, "%v", badVDev)
	case !known:
		r.failAt(line, "%s", unknown("access", got["access"], []string{"r", "ro", "w", "rw"}))
	}
	return d
}

// VDevNumber is the number by which a block device is known to front ends: xvda has 51712. Xen's docs, "Virtual block
// device interface": the first 16 disks with partitions 0 to 15 have numbers like Linux's, the others have a number of
// another form.
func VDevNumber(vdev string) (uint32, error) {
	bad := fmt.Errorf("%s can't be a vdev; write xvda for the first disk, xvdb for the second, xvda1 for a partition", quoteOrMissing(vdev))
	rest, ok := strings.CutPrefix(vdev, "xvd")
	if !ok {
		return 0, bad
	}
	end := slices.IndexFunc([]byte(rest), func(c byte) bool { return c < 'a' || c > 'z' })
	letters, digits := rest, ""
	if end >= 0 {
		letters, digits = rest[:end], rest[end:]
	}
	disk, partition := uint32(0), uint32(0)
	if len(letters) == 0 || len(letters) > 2 || len(digits) > 3 || strings.HasPrefix(digits, "0") {
		return 0, bad
	}
	for _, c := range []byte(letters) {
		disk = disk*26 + uint32(c-'a') + 1
	}
	disk--
	for _, c := range []byte(digits) {
		if c < '0' || c > '9' {
			return 0, bad
		}
		partition = partition*10 + uint32(c-'0')
	}
	const major, extended = 202, 1 << 28
	switch {
	case partition > 255:
		return 0, bad
	case disk < 16 && partition < 16:
		return major<<8 | disk<<4 | partition, nil
	}
	return extended | disk<<8 | partition, nil
}

func quoteOrMissing(s string) string {
	if s == "" {
		return "an empty vdev"
	}
	return fmt.Sprintf("%q", s)
}
