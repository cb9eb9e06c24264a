package bundle

import (
	"bytes"
	"errors"
	"io"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/u-root/u-root/pkg/cpio"
)

func TestWriteLayout(t *testing.T) {
	var b bytes.Buffer
	require.NoError(t, Write(&b, File{ConfigName, []byte("name a\n")}))
	require.Zero(t, b.Len()%4)
	// 110 bytes of header and "boot.cfg\0" are 119, padded to 120.
	require.Equal(t, "070701"+"00000001"+"000081a4"+"00000000"+"00000000"+"00000001"+"00000000"+"00000007", b.String()[:62])
	require.Equal(t, "boot.cfg\x00\x00name a\n\x00070701", b.String()[110:134])
	require.Contains(t, b.String(), "TRAILER!!!\x00")
}

// Another implementation of the format reads it back.
func TestWriteReadBack(t *testing.T) {
	var b bytes.Buffer
	files := []File{{"boot.cfg", []byte("name a\n")}, {"kernel", bytes.Repeat([]byte{1, 2, 3}, 1001)}, {"empty", nil}}
	require.NoError(t, Write(&b, files...))
	records, err := cpio.ReadAllRecords(cpio.Newc.Reader(bytes.NewReader(b.Bytes())))
	require.NoError(t, err)
	require.Len(t, records, len(files))
	for i, file := range files {
		require.Equal(t, file.Name, records[i].Name)
		require.EqualValues(t, 0o100644, records[i].Mode)
		data, err := io.ReadAll(io.NewSectionReader(records[i], 0, int64(records[i].FileSize)))
		require.NoError(t, err)
		require.True(t, bytes.Equal(file.Data, data), file.Name)
	}
}

func TestWriteRefusesNames(t *testing.T) {
	require.Error(t, Write(&bytes.Buffer{}, File{Name: ""}))
	require.Error(t, Write(&bytes.Buffer{}, File{Name: trailerName}))
}

type fullWriter struct{}

func (fullWriter) Write([]byte) (int, error) { return 0, errors.New("full") }

func TestWritePassesErrors(t *testing.T) {
	require.ErrorContains(t, Write(fullWriter{}, File{"a", []byte("b")}), "full")
}
