package api

import (
	"bytes"
	"io"
	"math/rand/v2"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"tuco/control/api/wire"
	"tuco/control/volume"
)

func TestVolumes(t *testing.T) {
	w := newWorld(t)
	require.NoError(t, w.server.Volumes.Create("@own", 1<<20))
	var v wire.Volume
	require.Equal(t, http.StatusCreated, w.json("POST", wire.PathVolumes, wire.NewVolume{Name: "web", Size: 1 << 20}, &v))
	assert.Equal(t, "web", v.Name)
	assert.EqualValues(t, 1<<20, v.Size)
	assert.NotZero(t, v.Created)
	require.Equal(t, http.StatusCreated, w.json("POST", wire.PathVolumes+"/web"+wire.Snapshots, wire.NewSnapshot{Name: "monday"}, &v))
	assert.Equal(t, "web@monday", v.Name)
	assert.True(t, v.ReadOnly)
	require.Equal(t, http.StatusCreated, w.json("POST", wire.PathVolumes, wire.NewVolume{Name: "copy", Clone: "web@monday"}, &v))
	assert.Equal(t, "copy", v.Name)
	assert.False(t, v.ReadOnly)

	var all wire.Volumes
	require.Equal(t, http.StatusOK, w.json("GET", wire.PathVolumes, nil, &all))
	names := []string{}
	for _, v := range all.Volumes {
		names = append(names, v.Name)
	}
	assert.Equal(t, []string{"copy", "web", "web@monday"}, names, "the control domain's own are not shown")
	assert.Equal(t, wire.Space(w.server.Volumes.Space()), all.Space)

	require.Equal(t, http.StatusNoContent, w.json("DELETE", wire.PathVolumes+"/web", nil, nil))
	require.Equal(t, http.StatusNoContent, w.json("DELETE", wire.PathVolumes+"/web@monday", nil, nil))
	assert.Equal(t, []string{"@own", "copy"}, w.names())

	open, err := w.server.Volumes.OpenVolume("copy", false)
	require.NoError(t, err)
	defer open.Close()
	for _, c := range []struct {
		status             int
		method, path, body string
	}{
		{http.StatusConflict, "DELETE", "/copy", ""},
		{http.StatusConflict, "GET", "/copy/content", ""},
		{http.StatusNotFound, "DELETE", "/web", ""},
		{http.StatusNotFound, "DELETE", "/@own", ""},
		{http.StatusNotFound, "GET", "/@own/content", ""},
		{http.StatusNotFound, "POST", "/@own/snapshots", `{"name":"a"}`},
		{http.StatusNotFound, "POST", "", `{"name":"a","clone":"@own"}`},
		{http.StatusNotFound, "POST", "/none/snapshots", `{"name":"a"}`},
		{http.StatusBadRequest, "POST", "/copy/snapshots", `{"name":"a/b"}`},
		{http.StatusBadRequest, "PUT", "/@own/content", "x"},
		{http.StatusConflict, "POST", "", `{"name":"copy","size":512}`},
	} {
		w.refused(c.status, c.method, wire.PathVolumes+c.path, "application/json", strings.NewReader(c.body))
	}
	assert.Equal(t, []string{"@own", "copy"}, w.names())
}

// What is imported can be exported, from each format to each.
func TestContent(t *testing.T) {
	w := newWorld(t)
	content := make([]byte, 1<<20+512)
	r := rand.New(rand.NewPCG(1, 2))
	for k := 300_000; k < 400_000; k++ {
		content[k] = byte(r.Uint32())
	}
	export := func(name, format string) []byte {
		a, text := w.ask("GET", wire.PathVolumes+"/"+name+wire.Content+"?format="+format, "", nil)
		require.Equal(t, http.StatusOK, a.StatusCode, "%s", text)
		assert.Equal(t, "application/octet-stream", a.Header.Get("Content-Type"))
		return text
	}
	put := func(name, format string, image []byte) wire.Volume {
		var v wire.Volume
		a, text := w.ask("PUT", wire.PathVolumes+"/"+name+wire.Content+"?format="+format, "application/octet-stream", bytes.NewReader(image))
		require.Equal(t, http.StatusCreated, a.StatusCode, "%s", text)
		require.NoError(t, jsonInto(text, &v))
		assert.EqualValues(t, len(content), v.Size)
		assert.Less(t, v.Allocated, int64(200_000), "holes take no room")
		return v
	}
	put("raw", "raw", content)
	qcow2 := export("raw", "qcow2")
	assert.Less(t, len(qcow2), len(content))
	put("qcow2", "qcow2", qcow2)
	assert.True(t, bytes.Equal(content, export("qcow2", "raw")))
	assert.True(t, bytes.Equal(content, export("qcow2", "")))
	assert.Equal(t, []string{"qcow2", "raw"}, w.names(), "nothing else has stayed")

	content = content[:1001] // is made a multiple of 512
	var v wire.Volume
	a, text := w.ask("PUT", wire.PathVolumes+"/odd"+wire.Content, "", bytes.NewReader(content))
	require.Equal(t, http.StatusCreated, a.StatusCode)
	require.NoError(t, jsonInto(text, &v))
	assert.EqualValues(t, 1024, v.Size)
}

func TestImportRefused(t *testing.T) {
	w := newWorld(t)
	v := make([]byte, 1<<20)
	require.NoError(t, w.server.Volumes.Import("there", int64(len(v)), volume.Raw(bytes.NewReader(v), int64(len(v)))))
	_, whole := w.ask("GET", wire.PathVolumes+"/there"+wire.Content+"?format=qcow2", "", nil)
	at := func(name, format string) string {
		return wire.PathVolumes + "/" + name + wire.Content + "?format=" + format
	}
	large := bytes.NewReader(bytes.Repeat([]byte("full"), 5<<20))
	for _, c := range []struct {
		status int
		path   string
		body   io.Reader
		says   string
	}{
		{http.StatusBadRequest, at("a", "vmdk"), strings.NewReader("x"), `the format "vmdk" is not known`},
		{http.StatusBadRequest, at("a", "raw"), http.NoBody, "not a volume's size"},
		{http.StatusBadRequest, at("a", "qcow2"), http.NoBody, "empty"},
		{http.StatusBadRequest, at("a", "qcow2"), strings.NewReader("no such thing"), "qcow2"},
		{http.StatusBadRequest, at("a", "qcow2"), bytes.NewReader(whole[:len(whole)/2]), "qcow2"},
		{http.StatusConflict, at("there", "raw"), strings.NewReader("x"), "exists already"},
		{http.StatusConflict, at("there", "qcow2"), bytes.NewReader(whole), "exists already"},
		{http.StatusInsufficientStorage, at("a", "raw"), large, "the disk is full"},
		{http.StatusLengthRequired, at("a", "raw"), io.MultiReader(strings.NewReader("x")), "Content-Length"},
	} {
		assert.Contains(t, w.refused(c.status, "PUT", c.path, "", c.body), c.says)
		assert.Equal(t, []string{"there"}, w.names(), "nothing half-made stays")
	}
	assert.Contains(t, w.refused(http.StatusBadRequest, "GET", at("there", "vmdk"), "", nil), "not known")
}
