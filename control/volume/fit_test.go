package volume_test

import (
	"tuco/control/blkback"
	"tuco/control/virtio/disk"
	"tuco/control/volume"
)

// The store lives on the host's virtio disk, and block back ends serve its volumes.
var (
	_ volume.Device = (*disk.Disk)(nil)
	_ blkback.Disk  = (*volume.Volume)(nil)
)
