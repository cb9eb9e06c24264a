package api

import (
	"fmt"
	"io"
	"mime/multipart"
	"net/http"

	"tuco/control/api/wire"
)

// A form is the body of a request, whose parts come one after the other. Package multipart keeps up to 10 MiB of a part's header in memory, which is as much as
// a client wants it to be; here less has to do.
type form struct {
	parts *multipart.Reader
	from  *rationed
}

// partHeader is more than what stands before a part's content has; readAhead is what package multipart reads of the content meanwhile.
const (
	partHeader = 4 << 10
	readAhead  = 8 << 10
)

func openForm(r *http.Request) (*form, error) {
	f := &form{from: &rationed{ReadCloser: r.Body, left: unlimited}}
	own := *r
	own.Body = f.from
	var err error
	if f.parts, err = own.MultipartReader(); err != nil {
		return nil, refuse(http.StatusUnsupportedMediaType, "the body has to be a form with the parts %s, %s and %s: %v", wire.PartConfig, wire.PartKernel, wire.PartRamdisk, err)
	}
	return f, nil
}

// next is the next part, once all of the one before has been read. The error is io.EOF behind the last.
func (f *form) next() (*multipart.Part, error) {
	f.from.left = partHeader + readAhead
	p, err := f.parts.NextPart()
	if err != nil && f.from.left == 0 { // whatever package multipart makes of that
		return nil, errLongHeader
	}
	f.from.left = unlimited
	return p, err
}

// part is the next part, which has to have a name.
func (f *form) part(name string) (*multipart.Part, error) {
	p, err := f.next()
	switch {
	case err == io.EOF:
		return nil, refuse(http.StatusBadRequest, "the form has no part %q, which has to come next", name)
	case err != nil:
		return nil, badForm(err)
	case p.FormName() != name:
		return nil, refuse(http.StatusBadRequest, "the form's part %q has to come next, not %q", name, p.FormName())
	}
	return p, nil
}

// end is an error if there is a further part.
func (f *form) end() error {
	switch p, err := f.next(); {
	case err == nil:
		return refuse(http.StatusBadRequest, "the form has a part %q too many", p.FormName())
	case err != io.EOF:
		return badForm(err)
	}
	return nil
}

func badForm(err error) error {
	if status := statusOf(err); status != http.StatusInternalServerError {
		return fmt.Errorf("the form: %w", err)
	}
	return refuse(http.StatusBadRequest, "the form: %v", err)
}

// rationed is a reader that may give so much only.
type rationed struct {
	io.ReadCloser
	left int
}

const unlimited = -1

var errLongHeader = refuse(http.StatusBadRequest, "what stands before a part's content has more than %d bytes", partHeader)

func (r *rationed) Read(p []byte) (int, error) {
	if r.left == unlimited {
		return r.ReadCloser.Read(p)
	}
	if r.left == 0 {
		return 0, errLongHeader
	}
	n, err := r.ReadCloser.Read(p[:min(len(p), r.left)])
	r.left -= n
	return n, err
}
