package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log"
	"net/http"
	"path"
	"runtime"
	"strconv"
	"strings"
	"time"

	"tuco/guests/web/shelf"
)

// A site is what is served: a page with a list of the files, and the files, which may be put and removed.
type site struct {
	*http.ServeMux
	files  *shelf.Shelf
	starts int // of guests with this disk
	began  time.Time
}

// startsFile counts starts. Its name is no other file's: those that are put don't begin with an underscore.
const startsFile = "_starts"

// maxFile is the most that a file may have.
const maxFile = 1 << 20

func newSite(files *shelf.Shelf) (*site, error) {
	s := &site{ServeMux: http.NewServeMux(), files: files, starts: 1, began: time.Now()}
	if text, err := files.Get(startsFile); err == nil {
		before, err := strconv.Atoi(string(text))
		if err != nil {
			return nil, fmt.Errorf("file %s: %w", startsFile, err)
		}
		s.starts += before
	}
	if err := files.Put(startsFile, []byte(strconv.Itoa(s.starts))); err != nil {
		return nil, err
	}
	s.HandleFunc("GET /{$}", s.page)
	s.HandleFunc("GET /files/{name}", s.get)
	s.HandleFunc("PUT /files/{name}", s.put)
	s.HandleFunc("DELETE /files/{name}", s.remove)
	return s, nil
}

// page is short, and so doesn't need a template: package html/template would keep all methods of all types in the image.
const page = `<!DOCTYPE html>
<title>A guest of Tuco</title>
<h1>A guest of Tuco</h1>
<p>This page is served by an ordinary Go program, with net/http, that is the kernel of a paravirtual domain. It runs %s, and has been up for %v:
start %d of its disk.
<p>The files on its disk; PUT and DELETE on /files/NAME change them:
<ul>
%s</ul>
`

func (s *site) page(w http.ResponseWriter, _ *http.Request) {
	var list strings.Builder
	for _, name := range s.names() {
		fmt.Fprintf(&list, "<li><a href=\"/files/%s\">%s</a>\n", name, name) // names are such that they need no quotes
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	fmt.Fprintf(w, page, runtime.Version(), time.Since(s.began).Round(time.Second), s.starts, list.String())
}

// names are those of the files that are not its own.
func (s *site) names() (names []string) {
	for _, name := range s.files.Names() {
		if !own(name) {
			names = append(names, name)
		}
	}
	return names
}

func own(name string) bool { return strings.HasPrefix(name, "_") }

// types are the kinds of file that browsers are told of. The others are text.
var types = map[string]string{
	".html": "text/html; charset=utf-8", ".css": "text/css", ".js": "text/javascript", ".png": "image/png", ".jpg": "image/jpeg", ".svg": "image/svg+xml",
}

func (s *site) get(w http.ResponseWriter, r *http.Request) {
	content, err := s.files.Get(r.PathValue("name"))
	if err != nil || own(r.PathValue("name")) {
		http.NotFound(w, r)
		return
	}
	kind := types[path.Ext(r.PathValue("name"))]
	if kind == "" {
		kind = "text/plain; charset=utf-8"
	}
	w.Header().Set("Content-Type", kind)
	w.Header().Set("Content-Length", strconv.Itoa(len(content)))
	if _, err := w.Write(content); err != nil {
		log.Println(r.URL, err)
	}
}

func (s *site) put(w http.ResponseWriter, r *http.Request) {
	content, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxFile))
	name := r.PathValue("name")
	switch {
	case err != nil:
		http.Error(w, fmt.Sprintf("a file has at most %d bytes", maxFile), http.StatusRequestEntityTooLarge)
		return
	case own(name):
		err = fs.ErrInvalid
	default:
		err = s.files.Put(name, content)
	}
	s.answer(w, name, err)
}

func (s *site) remove(w http.ResponseWriter, r *http.Request) {
	name := r.PathValue("name")
	err := fs.ErrNotExist
	if !own(name) {
		err = s.files.Remove(name)
	}
	s.answer(w, name, err)
}

// answer tells what has become of a change. When it is well, it is on the disk.
func (s *site) answer(w http.ResponseWriter, name string, err error) {
	switch {
	case err == nil:
		w.WriteHeader(http.StatusNoContent)
	case errors.Is(err, fs.ErrInvalid):
		http.Error(w, fmt.Sprintf("a file can't have this name: it has 1 to %d letters, digits, '.', '_' and '-', the first a letter or digit", shelf.MaxName), http.StatusBadRequest)
	case errors.Is(err, fs.ErrNotExist):
		http.Error(w, "there is no such file", http.StatusNotFound)
	case errors.Is(err, shelf.ErrFull):
		http.Error(w, err.Error(), http.StatusInsufficientStorage)
	default:
		log.Println(name, err)
		http.Error(w, err.Error(), http.StatusInternalServerError)
	}
}
