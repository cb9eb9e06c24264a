//go:build boot

package qemutests

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tuco/qemu-tests/writelog"
	"tuco/tools/tuco/host"
)

// The power is cut while a guest writes: the volume store opens again, and what the guest was told to be durable is on its disk.
func TestControlPowerCuts(t *testing.T) {
	t.Parallel()
	requireCuts(t, 3)
}

// cut is a disk over power cuts.
type cut struct {
	t      *testing.T
	random *rand.Rand
	disk   string   // the host's
	log    string   // of its writes since the machine was started
	told   []string // rounds that the guest has said to be flushed, each time
}

func requireCuts(t *testing.T, times int) {
	t.Helper()
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	c := cut{t: t, random: rand.New(rand.NewPCG(seed, 0)), disk: emptyDisk(t), log: filepath.Join(t.TempDir(), "log")}
	for range times {
		before, err := os.ReadFile(c.disk)
		require.NoError(t, err)
		s := c.boot()
		s.sleep(time.Duration(c.random.Int64N(int64(2 * time.Second))))
		s.kill()
		<-s.over
		c.cutPower(before)
		if told := regexp.MustCompile(`(?m)^writer: load: flushed (\d+)\r?$`).FindAllStringSubmatch(s.text(), -1); told != nil {
			c.told = append(c.told, told[0][1]+"-"+told[len(told)-1][1])
		}
	}
	s := c.boot()
	s.say("destroy writer")
	require.Equal(t, host.PoweredOff, s.end().End, "%v", s.how)
	t.Log("rounds:", c.told)
}

// boot starts the machine and waits until the guest has found its disk as it should be.
func (c *cut) boot() *attended {
	c.t.Helper()
	words := ""
	if len(c.told) > 0 {
		words = "flushed=" + strings.Join(c.told, ",")
	}
	spec := controlled(c.t, host.Spec{CPUs: 2}, map[string]string{
		"writer": fmt.Sprintf("memory = 64\nkernel = 'load.elf'\nextra = %q\ndisk = ['vol:data,xvda,w']", words),
	}, loadGuest)
	spec.Dom0.Args = "volume=data:16"
	require.NoError(c.t, os.WriteFile(c.log, nil, 0o600))
	spec.ExtraArgs = []string{
		"-blockdev", "driver=file,node-name=image,filename=" + c.disk, "-blockdev", "driver=file,node-name=log,filename=" + c.log,
		"-blockdev", "driver=blklogwrites,node-name=disk,file=image,log=log", "-device", "virtio-blk-pci,drive=disk",
	}
	s := attend(c.t, spec)
	s.never = regexp.MustCompile(`load: failed.*|guest crashed.*|control: guest .*`)
	s.hear(`writer: load: the disk is as it should be; .*`)
	return s
}

// cutPower makes the disk what it would be if it had lost some of what was not flushed.
func (c *cut) cutPower(before []byte) {
	c.t.Helper()
	text, err := os.ReadFile(c.log)
	require.NoError(c.t, err)
	entries, err := writelog.Parse(text)
	if errors.Is(err, writelog.ErrHole) {
		c.t.Log("nothing is lost:", err) // the disk stays what it is
		return
	}
	require.NoError(c.t, err)
	behind, lost, err := writelog.CutPower(before, entries, func() bool { return c.random.IntN(2) == 0 })
	require.NoError(c.t, err)
	require.NoError(c.t, os.WriteFile(c.disk, before, 0o600))
	c.t.Logf("%d writes and flushes; of %d behind the last flush %d are lost", len(entries), behind, lost)
}
