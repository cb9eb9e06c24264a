package dns

import (
	"errors"
	"net/netip"
	"strconv"
	"strings"

	"golang.org/x/net/dns/dnsmessage"

	"tuco/control/hosts"
)

// Zone answers questions about the guests of a book.
type Zone struct {
	Book   *hosts.Book
	Domain string // of the guests, without dots around it: tuco
}

// ErrMalformed says that a message is no question.
var ErrMalformed = errors.New("the message is no question of DNS")

// ttl is how many seconds an answer may be kept. A guest may be made again with another address.
const ttl = 5

// Answer answers a question, if it is about a guest, and otherwise tells what it is about. The error is ErrMalformed.
func (z *Zone) Answer(message []byte) (answer []byte, q dnsmessage.Question, err error) {
	var p dnsmessage.Parser
	h, err := p.Start(message)
	if err != nil || h.Response || h.OpCode != 0 {
		return nil, q, ErrMalformed
	}
	if q, err = p.Question(); err != nil {
		return nil, q, ErrMalformed
	}
	if _, err := p.Question(); !errors.Is(err, dnsmessage.ErrSectionDone) {
		return nil, q, ErrMalformed // more than one is not answered by anybody
	}
	name := strings.ToLower(strings.TrimSuffix(q.Name.String(), "."))
	if a, ok := reversed(name); ok && z.Book.Network().Contains(a) {
		host, known := z.Book.Address(a)
		return z.reply(h, q, known, func(b *dnsmessage.Builder, r dnsmessage.ResourceHeader) error {
			target, err := dnsmessage.NewName(host.Name + "." + z.Domain + ".")
			if err != nil || q.Type != dnsmessage.TypePTR {
				return err
			}
			return b.PTRResource(r, dnsmessage.PTRResource{PTR: target})
		}), q, nil
	}
	label, ours := z.label(name)
	if !ours {
		return nil, q, nil
	}
	host, known := z.Book.Name(label)
	return z.reply(h, q, known || label == "", func(b *dnsmessage.Builder, r dnsmessage.ResourceHeader) error {
		if q.Type != dnsmessage.TypeA || !known {
			return nil // there is such a name, but nothing of the kind
		}
		return b.AResource(r, dnsmessage.AResource{A: host.Address.As4()})
	}), q, nil
}

// label is the guest that a name is about. A name of one label is a guest's too; it means nothing to servers outside.
func (z *Zone) label(name string) (label string, ours bool) {
	if name == z.Domain {
		return "", true
	}
	if label, ours = strings.CutSuffix(name, "."+z.Domain); ours {
		return label, true
	}
	return name, name != "" && !strings.Contains(name, ".")
}

// reversed is the address that a name such as 2.0.77.10.in-addr.arpa stands for.
func reversed(name string) (netip.Addr, bool) {
	name, ok := strings.CutSuffix(name, ".in-addr.arpa")
	labels := strings.Split(name, ".")
	var a [4]byte
	if !ok || len(labels) != len(a) {
		return netip.Addr{}, false
	}
	for i, label := range labels {
		n, err := strconv.ParseUint(label, 10, 8)
		if err != nil {
			return netip.Addr{}, false
		}
		a[len(a)-1-i] = byte(n)
	}
	return netip.AddrFrom4(a), true
}

// reply makes an answer, with at most one record.
func (z *Zone) reply(h dnsmessage.Header, q dnsmessage.Question, known bool, add func(*dnsmessage.Builder, dnsmessage.ResourceHeader) error) []byte {
	answer := dnsmessage.Header{ID: h.ID, Response: true, Authoritative: true, RecursionDesired: h.RecursionDesired, RecursionAvailable: true}
	if !known {
		answer.RCode = dnsmessage.RCodeNameError
	}
	b := dnsmessage.NewBuilder(nil, answer)
	b.EnableCompression()
	err := errors.Join(b.StartQuestions(), b.Question(q), b.StartAnswers())
	if known && q.Class == dnsmessage.ClassINET {
		err = errors.Join(err, add(&b, dnsmessage.ResourceHeader{Name: q.Name, Class: q.Class, TTL: ttl}))
	}
	message, finish := b.Finish()
	if err != nil || finish != nil {
		return failure(h, q)
	}
	return message
}

// failure tells who asked that there is no answer.
func failure(h dnsmessage.Header, q dnsmessage.Question) []byte {
	b := dnsmessage.NewBuilder(nil, dnsmessage.Header{
		ID: h.ID, Response: true, RecursionDesired: h.RecursionDesired, RecursionAvailable: true, RCode: dnsmessage.RCodeServerFailure,
	})
	if b.StartQuestions() == nil {
		_ = b.Question(q) // was read from a message, so it can be written
	}
	message, err := b.Finish()
	if err != nil {
		return nil
	}
	return message
}
