package disks

import (
	"errors"
	"fmt"

	"tuco/control/volume"
)

// ErrForeign says that a disk has something on it that is no volume store.
var ErrForeign = errors.New("the host's disk has something else on it than volumes, which would be lost; give the host another disk, or clear the first MiB of this one")

// Open opens the volume store on a disk. On a disk that has nothing on it, it makes one. The report has a sentence for each thing
// that it has made or repaired.
func Open(dev volume.Device) (*volume.Store, []string, error) {
	s, report, err := volume.Open(dev, volume.Options{})
	if !errors.Is(err, volume.ErrNoStore) {
		return s, report, err
	}
	empty, err := isEmpty(dev)
	switch {
	case err != nil:
		return nil, nil, err
	case !empty:
		return nil, nil, ErrForeign
	}
	if err := volume.Format(dev, false); err != nil {
		return nil, nil, err
	}
	s, report, err = volume.Open(dev, volume.Options{})
	return s, append([]string{fmt.Sprintf("the disk of %d MiB was empty: it has a volume store now", dev.Size()>>20)}, report...), err
}

// isEmpty tells whether the beginning of a disk is zero: file systems, partitions and images have something there.
func isEmpty(dev volume.Device) (bool, error) {
	const begin = 1 << 20
	piece := make([]byte, 64<<10)
	for at := int64(0); at < min(begin, dev.Size()); at += int64(len(piece)) {
		b := piece[:min(int64(len(piece)), dev.Size()-at)]
		if _, err := dev.ReadAt(b, at); err != nil {
			return false, err
		}
		for _, c := range b {
			if c != 0 {
				return false, nil
			}
		}
	}
	return true, nil
}
