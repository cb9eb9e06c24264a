package blk_test

import (
	"context"
	"fmt"
	"io"
	"log"

	"tuco/guestlib/blk"
	"tuco/guestlib/frontend/model"
)

// A disk is an io.ReaderAt and an io.WriterAt. In a guest, the domain is here.Domain().
func Example() {
	domain := model.NewHost()
	defer model.NewDisk(domain, "51712", model.DiskConfig{Size: 1 << 20, Flush: true}).Stop()

	names, err := blk.Devices(domain)
	if err != nil {
		log.Fatal(err)
	}
	disk, err := blk.Open(context.Background(), domain, names[0])
	if err != nil {
		log.Fatal(err)
	}
	defer disk.Close()
	fmt.Println(names[0], disk.Size())

	sector := make([]byte, 512)
	copy(sector, "The quick brown fox")
	if _, err := disk.WriteAt(sector, 4096); err != nil {
		log.Fatal(err)
	}
	if err := disk.Flush(); err != nil {
		log.Fatal(err)
	}
	text, err := io.ReadAll(io.NewSectionReader(disk, 4096+4, 11))
	fmt.Printf("%s %v\n", text, err)
	// Output:
	// 51712 1048576
	// quick brown <nil>
}
