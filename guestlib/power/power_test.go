package power

import (
	"errors"
	"fmt"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tuco/guestlib/gate"
)

// fake writes down what happens.
type fake struct {
	log       []string
	cancelled bool
	err       error
}

func (f *fake) end(r Reason) { f.log = append(f.log, "end: "+r.String()) }

func (f *fake) suspend() (bool, error) {
	f.log = append(f.log, "saved")
	return f.cancelled, f.err
}

type device struct {
	*fake
	name          string
	fails, resist error
}

func (d device) Suspend() error {
	d.log = append(d.log, "suspend "+d.name)
	return d.fails
}

func (d device) Resume(cancelled bool) error {
	d.log = append(d.log, fmt.Sprintf("resume %s, cancelled %v", d.name, cancelled))
	return d.resist
}

func TestEnd(t *testing.T) {
	f := &fake{}
	m := manager{machine: f, grace: time.Minute}
	for _, name := range []string{"first", "second"} {
		m.addEnd(func(r Reason) { f.log = append(f.log, name) })
	}
	m.end(Reboot)
	m.end(PowerOff)
	require.Equal(t, []string{"second", "first", "end: reboot"}, f.log, "once, and the last registered first")
}

// Who does not come to an end does not keep the domain.
func TestEndWithoutPatience(t *testing.T) {
	f := &fake{}
	m := manager{machine: f, grace: time.Millisecond}
	m.addEnd(func(Reason) { select {} })
	m.end(PowerOff)
	require.Equal(t, []string{"end: power off"}, f.log)
}

func TestSuspend(t *testing.T) {
	wrong := errors.New("wrong")
	for _, test := range []struct {
		name          string
		cancelled     bool
		err           error // the hypervisor's
		fails, resist error // the second device's
		want          []string
		wantErr       error
		wantCancelled bool
	}{
		{"restored", false, nil, nil, nil, []string{
			"suspend c", "suspend b", "suspend a", "saved", "resume a, cancelled false", "resume b, cancelled false", "resume c, cancelled false",
		}, nil, false},
		{"cancelled", true, nil, nil, nil, []string{
			"suspend c", "suspend b", "suspend a", "saved", "resume a, cancelled true", "resume b, cancelled true", "resume c, cancelled true",
		}, nil, true},
		{"refused", false, syscall.EBUSY, nil, nil, []string{
			"suspend c", "suspend b", "suspend a", "saved", "resume a, cancelled true", "resume b, cancelled true", "resume c, cancelled true",
		}, syscall.EBUSY, true},
		{"a device can't", false, nil, wrong, nil, []string{"suspend c", "suspend b", "resume c, cancelled true"}, wrong, true},
		{"a device fails later", false, nil, nil, wrong, []string{
			"suspend c", "suspend b", "suspend a", "saved", "resume a, cancelled false", "resume b, cancelled false", "resume c, cancelled false",
		}, wrong, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			f := &fake{cancelled: test.cancelled, err: test.err}
			m := manager{machine: f}
			m.addDevice(device{f, "a", nil, nil})
			m.addDevice(device{f, "b", test.fails, test.resist})
			m.addDevice(device{f, "c", nil, nil})
			cancelled, err := m.suspend()
			require.ErrorIs(t, err, test.wantErr)
			require.Equal(t, test.wantCancelled, cancelled)
			require.Equal(t, test.want, f.log)
		})
	}
}

func TestNoGuest(t *testing.T) {
	if gate.Guest() {
		return // there it would end the domain
	}
	_, err := Suspend()
	require.ErrorIs(t, err, syscall.ENOSYS)
}
