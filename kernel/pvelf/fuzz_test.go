package pvelf

import (
	"testing"

	"github.com/stretchr/testify/require"

	"tuco/hypercall"
)

// FuzzParse: whatever the file, no panic, and what is accepted keeps the
// promises that the builder relies on.
func FuzzParse(f *testing.F) {
	f.Add(linuxLike().Bytes())
	f.Add(grubLike().Bytes())
	k := grubLike()
	k.NoteSection = true
	f.Add(k.Bytes())
	f.Add([]byte("\x1f\x8b"))
	f.Fuzz(func(t *testing.T, file []byte) {
		i := new(Image)
		if parseText(i, file) != "" {
			return
		}
		require.NotEmpty(t, i.Segments())
		require.LessOrEqual(t, len(i.Segments()), MaxSegments)
		require.Less(t, i.Start, i.End)
		require.LessOrEqual(t, i.End, uint64(MaxAddress))
		base := uint64(i.VirtBase)
		require.Zero(t, base%4096)
		require.Less(t, base, base+i.End)
		require.True(t, uint64(i.Entry) >= base+i.Start && uint64(i.Entry) < base+i.End)
		for n, s := range i.Segments() {
			require.NotZero(t, s.Size)
			require.LessOrEqual(t, uint64(len(s.Data)), s.Size)
			require.True(t, s.Addr >= i.Start && s.Addr+s.Size <= i.End)
			for _, o := range i.Segments()[:n] {
				require.True(t, s.Addr >= o.Addr+o.Size || o.Addr >= s.Addr+s.Size)
			}
		}
		if v, ok := i.HypercallPage(); ok {
			require.Zero(t, v.Offset())
			require.True(t, uint64(v) >= base && uint64(v) < base+i.End)
		}
		if v, ok := i.InitP2M(); ok {
			require.Zero(t, v.Offset())
		}
		require.Zero(t, i.Required&(1<<hypercall.XENFEAT_supervisor_mode_kernel))
	})
}
